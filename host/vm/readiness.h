// SPDX-License-Identifier: Apache-2.0
//
// The meaning of "up": each VM has an UpWhen, the daemon hears UpSignals, and isUp() says when the one is met
// by the other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/agent/agent_probe.h"

namespace teehost::vm {

/// The sign by which a VM counts as up (agent.ready, CreateVmRequest.ready; "auto" has become Guest for a VM
/// whose agent dials a service, which opens its port for a computation only and may wait for one for days,
/// else Port).
enum class UpWhen {
    Port,  ///< A program listens on the agent's port.
    Guest, ///< The guest runs: its network answers, even with a refusal, or its console shows the boot
           ///< marker.
    None,  ///< QEMU runs; the guest is never asked.
};

[[nodiscard]] std::string_view upWhenName(UpWhen when) noexcept;
/// Absent for a word that upWhenName() never gives.
[[nodiscard]] std::optional<UpWhen> parseUpWhen(std::string_view name) noexcept;

/// The strongest sign of life that was last seen of a guest; a later one is stronger.
enum class UpSignal {
    None,    ///< Silence so far.
    Console, ///< The boot marker (agent.boot_marker) on the console.
    Guest,   ///< Its network refuses connections to the agent's port: it runs, and no program listens.
    Port,    ///< A program listens on the agent's port.
};

[[nodiscard]] std::string_view signalName(UpSignal signal) noexcept;
[[nodiscard]] std::optional<UpSignal> parseSignal(std::string_view name) noexcept;

/// Whether a VM of this UpWhen is up with that signal.
[[nodiscard]] bool isUp(UpWhen when, UpSignal signal) noexcept;

/// Whether an answer of the agent's port means that the VM is healthy. A refusal does for Guest: the agent
/// closes its port when its computation was stopped.
[[nodiscard]] bool isHealthy(UpWhen when, agent::Answer answer) noexcept;

/// "the agent answers on 127.0.0.1:6100 (gRPC)": the sentence of the change to `running`. `answer` is the
/// last that was not silence.
[[nodiscard]] std::string upMessage(UpWhen when, UpSignal signal, agent::Answer answer,
                                    const std::string& address);

} // namespace teehost::vm
