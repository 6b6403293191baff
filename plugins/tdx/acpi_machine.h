// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace teehost::tdx {

/// The same machine without anything that reaches outside of QEMU or needs TDX, so that QEMU can be asked for
/// its ACPI tables: files, sockets and ports of the VM are replaced by nothing, devices stay where they are.
struct AcpiMachine {
    std::vector<std::string> args; ///< empty when there is a reason
    std::string whyNot;            ///< what keeps such a machine from being made; empty: nothing
};
[[nodiscard]] AcpiMachine acpiMachineOf(std::span<const std::string_view> qemu_args);

} // namespace teehost::tdx
