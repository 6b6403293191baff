// SPDX-License-Identifier: Apache-2.0
//
// Long lists as claims: one a line, numbered so that they keep their order.
#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "teehost/kit/event_log.h"

namespace teehost::kit {

/// Of a list that evidence may make as long as it likes.
inline constexpr std::size_t kMostListed = 2000;

/// "vtpm.event.0001"
[[nodiscard]] inline std::string numbered(std::string_view prefix, std::size_t number)
{
    std::array<char, 24> digits{};
    std::snprintf(digits.data(), digits.size(), "%04zu", number);
    return std::string(prefix) + digits.data();
}

/// PREFIXs, how many events there are, and PREFIX.0001 and so on with the digest of `bank`; `claim` takes a
/// name and a value.
template <class Claim>
void claimEvents(const EventLog& log, std::string_view prefix, HashAlgorithm bank, const Claim& claim)
{
    claim(std::string(prefix) + "s", std::uint64_t{log.events.size()});
    for (std::size_t i = 0; i < std::min(log.events.size(), kMostListed); ++i) {
        const std::string line = lineOf(log, log.events[i], bank);
        claim(numbered(std::string(prefix) + ".", i + 1), std::string_view(line));
    }
}

} // namespace teehost::kit
