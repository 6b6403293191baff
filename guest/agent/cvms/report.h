// SPDX-License-Identifier: Apache-2.0
//
// The words for all that the guest says about itself: in the words of the computation-management service.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace teehost::guest {

enum class LogLevel { Debug, Info, Warning, Error };

/// "DEBUG", "INFO", "WARN", "ERROR": the names of Go's log/slog, which the service of Cocos expects.
[[nodiscard]] std::string_view nameOf(LogLevel level) noexcept;
/// Reads the value of AGENT_LOG_LEVEL, in either case; "warning" is taken for "warn". Returns nullopt for any
/// other word.
[[nodiscard]] std::optional<LogLevel> parseLogLevel(std::string_view text) noexcept;

enum class GuestEvent {
    VmProvisioned,
    AgentStarted,
    AgentServing,
    AgentFailed,
    GuestTerminating,
    // The events of a computation have the words of Cocos' agent.
    AwaitingManifest,
    AwaitingAlgorithm,
    AwaitingData,
    RunStarted,
    RunCompleted,
    RunFailed,
    ResultReady,
    ResultTaken,
    Stopped
};

/// How an event is told. `state` is what the agent answers when asked for its state from then on; empty: the
/// event changes nothing. Those of a computation are states of Cocos' agent (agent/agentstate_string.go
/// there).
struct EventWords {
    std::string_view type;
    std::string_view status;
    std::string_view state;
};

/// Indexed by GuestEvent.
inline constexpr std::array<EventWords, 14> kEventWords{{
    {"vm-provision", "Completed", ""},
    {"agent-start", "Starting", "Starting"},
    {"agent-serve", "Ready", ""},
    {"agent-end", "Failed", "Failed"},
    {"vm-terminate", "Terminating", "Terminating"},
    {"ReceivingManifest", "InProgress", "ReceivingManifest"},
    {"ReceivingAlgorithm", "InProgress", "ReceivingAlgorithm"},
    {"ReceivingData", "InProgress", "ReceivingData"},
    {"Running", "InProgress", "Running"},
    {"Running", "Completed", ""},
    {"Failed", "Failed", "Failed"},
    {"ConsumingResults", "Ready", "ConsumingResults"},
    {"Complete", "Completed", "Complete"},
    {"Stopped", "Stopped", ""},
}};

[[nodiscard]] constexpr const EventWords& wordsOf(GuestEvent event) noexcept
{
    return kEventWords[static_cast<std::size_t>(event)];
}

} // namespace teehost::guest
