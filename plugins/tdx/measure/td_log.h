// SPDX-License-Identifier: Apache-2.0
//
// A TD's event log, held against the registers of its quote and against what was expected.
#pragma once

#include <array>
#include <optional>
#include <string>

#include <teehost/kit/event_log.h>

#include "tdx/measure/acpi_tables.h"
#include "tdx/measure/rtmr.h"

namespace teehost::tdx {

inline constexpr std::size_t kRtmrs = 4;
using Rtmrs = std::array<kit::Sha384Digest, kRtmrs>;

/// InputError log_malformed. Views of the bytes, which must outlive it.
[[nodiscard]] kit::EventLog parseTdLog(kit::ByteView log);

/// What the events make of RTMR0 to RTMR3. InputError replay_bank for a log without SHA-384.
[[nodiscard]] Rtmrs replayRtmrs(const kit::EventLog& log);

/// How many events extend each of them.
[[nodiscard]] std::array<std::size_t, kRtmrs> countEvents(const kit::EventLog& log);

/// The digests of the ACPI files that RTMR0 was extended with, whatever they are of: marked as
/// AcpiOrigin::Log. Nothing when there are not exactly three such events.
[[nodiscard]] std::optional<AcpiTables> acpiOf(const kit::EventLog& log);

/// Where the log leaves the events of a candidate, in words: "event 2 of RTMR2 differs: ..."; nothing when it
/// does not.
[[nodiscard]] std::optional<std::string> explainDifference(const kit::EventLog& log, std::size_t rtmr,
                                                           const TdEvents& expected);

} // namespace teehost::tdx
