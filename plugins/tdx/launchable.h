// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "tdx/configuration.h"

namespace teehost::tdx {

/// Whether a VM's CPU model is left to the plugin: the daemon's default, which no TD can have, counts as not
/// set.
[[nodiscard]] bool isUnsetCpu(std::string_view cpu) noexcept;

/// Throws sdk::Error, with what to change, for what QEMU would end for: no KVM, an old QEMU, a named CPU
/// model, a machine with what TDX does not have, a firmware that is no TDVF.
void expectLaunchable(const Configuration& configuration, const sdk::Vm& vm);

} // namespace teehost::tdx
