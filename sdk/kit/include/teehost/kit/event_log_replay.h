// SPDX-License-Identifier: Apache-2.0
//
// What a log's events make of the registers, and where they leave what was expected.
#pragma once

#include <bitset>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "teehost/kit/event_log.h"

namespace teehost::kit {

/// As many as registersOf(the log's kind), by number.
using RegisterValues = std::vector<AnyDigest>;

/// Registers before anything was measured: zeros, but for a TPM all ones in those of a dynamic launch (PCRs
/// 17 to 22), and the locality of its start in PCR 0.
[[nodiscard]] RegisterValues initialRegisters(LogKind kind, HashAlgorithm bank, std::uint8_t locality = 0);

struct Replay {
    RegisterValues values;
    std::bitset<kPcrs> extended; ///< by some event
};

/// MRTD is no register that events extend: it stays zero. InputError replay_bank when the log, or one of its
/// events, has no digest of this bank.
[[nodiscard]] Replay replay(const EventLog& log, HashAlgorithm bank);

struct ExpectedEvent {
    Bytes digest;     ///< of the bank in question
    std::string what; ///< "command line"
};
struct Difference {
    std::size_t index = 0;         ///< of the first event that differs, counted among those of the register
    const Event* logged = nullptr; ///< null: the log ends before it
    const ExpectedEvent* expected = nullptr; ///< null: the log goes on after the last
};
/// Where the events of one register leave what was expected; nothing when they do not.
[[nodiscard]] std::optional<Difference> firstDifference(const EventLog& log, HashAlgorithm bank,
                                                        std::uint32_t reg,
                                                        std::span<const ExpectedEvent> expected);
/// "event 2 of PCR 9 differs: ...", for people.
[[nodiscard]] std::string explain(const Difference& difference, const std::string& register_name);

} // namespace teehost::kit
