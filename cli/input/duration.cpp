// SPDX-License-Identifier: Apache-2.0
#include "cli/input/duration.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>

#include "cli/failure.h"

namespace teehost::cli {
namespace {

using std::chrono::nanoseconds;

struct Unit {
    std::string_view name;
    std::uint64_t ns;
};

/// Names that begin alike ("m", "ms") stand longest first. Both signs for micro (U+00B5, U+03BC), as Go has
/// it.
constexpr Unit kUnits[] = {
    {"ns", 1},         {"us", 1'000},        {"\xC2\xB5s", 1'000},  {"\xCE\xBCs", 1'000},
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000},
};

constexpr auto kMaxNs = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

[[noreturn]] void refuse(std::string_view text, const std::string& why)
{
    throw UsageFailure("\"" + std::string(text) + "\" is not a duration: " + why,
                       "write it as 90s, 5m, 1h30m or 250ms");
}

bool isDigit(std::string_view text) noexcept { return !text.empty() && text[0] >= '0' && text[0] <= '9'; }

struct Number {
    std::uint64_t whole = 0;
    long double fraction = 0;
};

/// Takes "12", "1.5", ".5" off the front of `rest`.
std::optional<Number> takeNumber(std::string_view& rest)
{
    Number number;
    bool any = false;
    for (; isDigit(rest); rest.remove_prefix(1), any = true) {
        if (number.whole > kMaxNs / 10)
            return std::nullopt;
        number.whole = number.whole * 10 + static_cast<std::uint64_t>(rest[0] - '0');
    }
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        long double scale = 1;
        for (; isDigit(rest); rest.remove_prefix(1), any = true) {
            scale /= 10;
            number.fraction += scale * static_cast<long double>(rest[0] - '0');
        }
    }
    return any ? std::optional(number) : std::nullopt;
}

std::optional<Unit> takeUnit(std::string_view& rest)
{
    for (const auto& unit : kUnits)
        if (rest.starts_with(unit.name)) {
            rest.remove_prefix(unit.name.size());
            return unit;
        }
    return std::nullopt;
}

/// The sum of `total` and `number` units, or nothing when it is too large.
std::optional<std::uint64_t> addTerm(std::uint64_t total, const Number& number, const Unit& unit)
{
    if (number.whole > kMaxNs / unit.ns)
        return std::nullopt;
    const auto fraction =
        static_cast<std::uint64_t>(std::llround(number.fraction * static_cast<long double>(unit.ns)));
    const std::uint64_t term = number.whole * unit.ns + fraction;
    if (term > kMaxNs || total > kMaxNs - term)
        return std::nullopt;
    return total + term;
}

std::string formatted(const char* format, long long first, long long second)
{
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, first, second);
    return buffer.data();
}

} // namespace

nanoseconds parseDuration(std::string_view text)
{
    if (text.empty())
        refuse(text, "it is empty");
    if (text[0] == '-')
        refuse(text, "it is negative");
    std::string_view rest = text;
    if (rest[0] == '+')
        rest.remove_prefix(1);
    std::uint64_t total = 0;
    do {
        const auto number = takeNumber(rest);
        if (!number)
            refuse(text, "a number is missing or too large");
        const auto unit = takeUnit(rest);
        if (!unit)
            refuse(text, "a unit is missing or unknown");
        const auto sum = addTerm(total, *number, *unit);
        if (!sum)
            refuse(text, "it is too long");
        total = *sum;
    } while (!rest.empty());
    if (total == 0)
        refuse(text, "it is zero");
    return nanoseconds(total);
}

std::string formatDuration(nanoseconds duration)
{
    const long long centiseconds = duration.count() / 10'000'000;
    const long long seconds = centiseconds / 100;
    if (seconds < 10)
        return formatted("%lld.%02llds", seconds, centiseconds % 100);
    if (seconds < 60)
        return formatted("%lld.%llds", seconds, centiseconds % 100 / 10);
    if (seconds < 3600)
        return formatted("%lldm%02llds", seconds / 60, seconds % 60);
    if (seconds < 86400)
        return formatted("%lldh%02lldm", seconds / 3600, seconds % 3600 / 60);
    return formatted("%lldd%02lldh", seconds / 86400, seconds % 86400 / 3600);
}

} // namespace teehost::cli
