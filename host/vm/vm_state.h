// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace teehost::vm {

/// Where a VM is in its life. docs/architecture.md draws it.
enum class VmState {
    Preparing, ///< directories, secrets, firmware copies, sidecars are being made
    Launching, ///< teehost-launch or QEMU exists, QMP not yet up
    Booting,   ///< QEMU runs the guest, the agent has not answered yet
    Running,   ///< the agent answered
    Paused,    ///< QMP reported STOP
    Stopping,  ///< its end began
    Cleaning,  ///< the process is gone, its traces are being removed
    Stopped,   ///< ended because somebody asked for it
    Failed,    ///< ended although nobody asked for it
};

[[nodiscard]] std::string_view stateName(VmState state) noexcept;

/// Whether a VM may go from `from` to `to` in one step.
[[nodiscard]] bool isLegal(VmState from, VmState to) noexcept;

[[nodiscard]] constexpr bool isEnded(VmState state) noexcept
{
    return state == VmState::Stopped || state == VmState::Failed;
}

} // namespace teehost::vm
