// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace teehost::vm {

/// Where a VM is in its life. docs/architecture.md draws it.
enum class VmState {
    Preparing,    ///< directories, secrets, firmware copies, sidecars are being made
    Launching,    ///< teehost-launch or QEMU exists, QMP not yet up
    Booting,      ///< QEMU runs the guest, which is not up yet (readiness.h)
    Running,      ///< the guest is up
    Degraded,     ///< ran, and now QMP or the guest does not answer
    Unresponsive, ///< ran, and now neither QMP nor the guest answers
    Paused,       ///< QMP reported STOP
    Restarting,   ///< failed, and waits to be launched again
    Lost,         ///< the daemon cannot tell whether its process lives, or must not touch it
    Stopping,     ///< its end began
    Cleaning,     ///< the process is gone, its traces are being removed
    Stopped,      ///< ended because somebody asked for it
    Failed,       ///< ended although nobody asked for it
};

[[nodiscard]] std::string_view stateName(VmState state) noexcept;
/// Absent for a word that stateName() never gives.
[[nodiscard]] std::optional<VmState> parseState(std::string_view name) noexcept;

/// Whether a VM may go from `from` to `to` in one step.
[[nodiscard]] bool isLegal(VmState from, VmState to) noexcept;

[[nodiscard]] constexpr bool isEnded(VmState state) noexcept
{
    return state == VmState::Stopped || state == VmState::Failed;
}

/// Its guest runs, as far as anybody knows, and was up once.
[[nodiscard]] constexpr bool hasRun(VmState state) noexcept
{
    return state == VmState::Running || state == VmState::Degraded || state == VmState::Unresponsive;
}

} // namespace teehost::vm
