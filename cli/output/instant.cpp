// SPDX-License-Identifier: Apache-2.0
#include "cli/output/instant.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace teehost::cli {

std::string formatInstant(std::chrono::nanoseconds sinceEpoch)
{
    const auto seconds = std::chrono::floor<std::chrono::seconds>(sinceEpoch);
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(sinceEpoch - seconds).count();
    const std::time_t clock = seconds.count();
    std::tm parts{};
    gmtime_r(&clock, &parts);
    std::array<char, 64> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::array<char, 16> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(milliseconds));
    return std::string(text.data(), length) + fraction.data();
}

} // namespace teehost::cli
