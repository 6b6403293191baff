// SPDX-License-Identifier: Apache-2.0
//
// What a log's events make of the PCRs, and where they leave what was expected.
#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <span>
#include <string>

#include "log/event_log.h"

namespace teehost::vtpm {

using PcrValues = std::array<kit::AnyDigest, kPcrs>;

/// PCRs before anything was measured: zeros, but all ones in those of a dynamic launch (17 to 22), and the
/// locality of the TPM's start in PCR 0.
[[nodiscard]] PcrValues initialPcrs(HashAlgorithm bank, std::uint8_t locality = 0);

struct Replay {
    PcrValues values;
    std::bitset<kPcrs> extended; ///< by some event
};

/// InputError replay_bank when the log, or one of its events, has no digest of this bank.
[[nodiscard]] Replay replay(const EventLog& log, HashAlgorithm bank);

struct ExpectedEvent {
    kit::Bytes digest; ///< of the bank in question
    std::string what;  ///< "command line"
};
struct Difference {
    std::size_t index = 0;         ///< of the first event that differs, counted among those of the PCR
    const Event* logged = nullptr; ///< null: the log ends before it
    const ExpectedEvent* expected = nullptr; ///< null: the log goes on after the last
};
/// Where the events of one PCR leave what was expected; nothing when they do not.
[[nodiscard]] std::optional<Difference> firstDifference(const EventLog& log, HashAlgorithm bank,
                                                        std::uint32_t pcr,
                                                        std::span<const ExpectedEvent> expected);
/// "event 2 of PCR 9 differs: ...", for people.
[[nodiscard]] std::string explain(const Difference& difference, std::uint32_t pcr);

} // namespace teehost::vtpm
