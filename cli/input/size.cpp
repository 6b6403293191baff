// SPDX-License-Identifier: Apache-2.0
#include "cli/input/size.h"

#include <charconv>
#include <limits>
#include <optional>

#include "cli/failure.h"

namespace teehost::cli {
namespace {

constexpr std::string_view kUnits = "BKMGT"; // each 1024 times the one before

[[noreturn]] void refuse(std::string_view text, const std::string& why)
{
    throw UsageFailure("\"" + std::string(text) + "\" is not a size: " + why, "write it as 512M or 2G");
}

/// How many bits a unit shifts by.
std::optional<unsigned> shiftOf(std::string_view unit)
{
    if (unit.empty())
        return std::nullopt;
    const char letter = unit[0] >= 'a' && unit[0] <= 'z' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
    const auto index = kUnits.find(letter);
    const std::string_view tail = unit.substr(1);
    if (index == std::string_view::npos || (!tail.empty() && (index == 0 || (tail != "i" && tail != "iB"))))
        return std::nullopt;
    return static_cast<unsigned>(index * 10);
}

} // namespace

std::uint64_t parseSize(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range)
        refuse(text, "it is too large");
    if (error != std::errc{})
        refuse(text, "it does not begin with a number");
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    if (unit.empty())
        refuse(text, "it has no unit");
    const auto shift = shiftOf(unit);
    if (!shift)
        refuse(text, "its unit is unknown");
    if (number == 0)
        refuse(text, "it is zero");
    if (number > std::numeric_limits<std::uint64_t>::max() >> *shift)
        refuse(text, "it is too large");
    return number << *shift;
}

std::string formatSize(std::uint64_t bytes)
{
    std::size_t unit = 0;
    while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < kUnits.size()) {
        bytes /= 1024;
        ++unit;
    }
    return std::to_string(bytes) + kUnits[unit];
}

} // namespace teehost::cli
