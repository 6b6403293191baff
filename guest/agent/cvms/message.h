// SPDX-License-Identifier: Apache-2.0
//
// The messages an agent sends. Logs and events have the computation that they are of, or lack one: then the
// process that sends them fills the VM's in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cvms.pb.h"

#include "guest/agent/cvms/report.h"

namespace teehost::guest {

using WallTime = std::chrono::system_clock::time_point;

/// The most bytes of a line and of an identifier; they hold what the agent writes many times over.
constexpr std::size_t kMaxLogBytes = 4096;
constexpr std::size_t kMaxIdBytes = 256;
/// The most bytes of a serialised ComputationRunReq.
constexpr std::size_t kMaxManifestBytes = 128 * 1024;

/// Bytes outside printable ASCII become \xNN, since a protobuf string is UTF-8 and its reader may be a
/// terminal; past kMaxLogBytes the text is cut with "...".
[[nodiscard]] cvms::ClientStreamMessage logMessage(LogLevel level, std::string_view text, WallTime time);

/// `uptime` since the kernel started goes into the details.
[[nodiscard]] cvms::ClientStreamMessage eventMessage(GuestEvent event, WallTime time,
                                                     std::chrono::milliseconds uptime);

/// Makes the line that stands in for messages that were dropped, the last of them at `time`.
[[nodiscard]] cvms::ClientStreamMessage droppedMessage(std::uint64_t count, WallTime time);

/// Returns the level of a log line, and nullopt for the other kinds, which no level holds back.
[[nodiscard]] std::optional<LogLevel> levelOf(const cvms::ClientStreamMessage& message);

/// Says which computation a log line or an event is of.
void setComputation(cvms::ClientStreamMessage& message, std::string_view id);

/// Whether a log line or an event says which computation it is of, with an identifier of at most kMaxIdBytes.
[[nodiscard]] bool hasComputation(const cvms::ClientStreamMessage& message);

} // namespace teehost::guest
