// SPDX-License-Identifier: Apache-2.0
#include "host/base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "host/base/error.h"

namespace teehost {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

// Longest names first, so that "ms" is not read as "m".
constexpr std::array<Unit, 9> kUnits{{{"ns", 1},
                                      {"us", 1'000},
                                      {"\xc2\xb5s", 1'000}, // U+00B5 micro sign
                                      {"\xce\xbcs", 1'000}, // U+03BC Greek mu
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"d", 86'400'000'000'000}}};

[[noreturn]] void refuseDuration(std::string_view text)
{
    throw InvalidArgument("\"" + printable(text) + "\" is not a duration", {},
                          "write it like 90s, 5m or 1h30m");
}

/// Takes digits[.digits] from the front of `text` as whole and billionths.
struct Decimal {
    std::uint64_t whole = 0;
    std::uint64_t billionths = 0;
};

std::optional<Decimal> takeDecimal(std::string_view& text)
{
    Decimal value;
    std::size_t digits = 0;
    while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) {
        if (value.whole > std::numeric_limits<std::uint64_t>::max() / 10 - 1)
            return std::nullopt;
        value.whole = value.whole * 10 + static_cast<std::uint64_t>(text.front() - '0');
        text.remove_prefix(1);
        ++digits;
    }
    if (!text.empty() && text.front() == '.') {
        text.remove_prefix(1);
        std::uint64_t place = 100'000'000;
        while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) {
            value.billionths += static_cast<std::uint64_t>(text.front() - '0') * place;
            place /= 10;
            text.remove_prefix(1);
            ++digits;
        }
    }
    return digits == 0 ? std::nullopt : std::optional(value);
}

std::optional<std::int64_t> takeUnit(std::string_view& text, DurationUnits units)
{
    for (const auto& unit : kUnits) {
        if (unit.name == "d" && units != DurationUnits::WithDays)
            continue;
        if (text.starts_with(unit.name)) {
            text.remove_prefix(unit.name.size());
            return unit.nanoseconds;
        }
    }
    return std::nullopt;
}

} // namespace

std::chrono::nanoseconds parseDuration(std::string_view text, DurationUnits units)
{
    if (text == "0")
        return std::chrono::nanoseconds(0);
    std::string_view rest = text;
    if (rest.empty())
        refuseDuration(text);
    std::int64_t total = 0;
    while (!rest.empty()) {
        const auto value = takeDecimal(rest);
        const auto unit = value ? takeUnit(rest, units) : std::nullopt;
        if (!unit)
            refuseDuration(text);
        std::int64_t part = 0;
        const auto fraction = static_cast<std::int64_t>(static_cast<__uint128_t>(value->billionths) *
                                                        static_cast<std::uint64_t>(*unit) / 1'000'000'000u);
        if (value->whole > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ||
            __builtin_mul_overflow(static_cast<std::int64_t>(value->whole), *unit, &part) ||
            __builtin_add_overflow(part, fraction, &part) || __builtin_add_overflow(total, part, &total))
            throw InvalidArgument("the duration \"" + printable(text) + "\" is longer than 292 years");
    }
    return std::chrono::nanoseconds(total);
}

std::string formatDuration(std::chrono::nanoseconds duration)
{
    auto rest = duration.count();
    if (rest == 0)
        return "0s";
    std::string out;
    for (const auto& [name, size] :
         {Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
          Unit{"ms", 1'000'000}, Unit{"us", 1'000}, Unit{"ns", 1}}) {
        if (rest / size > 0)
            out += std::to_string(rest / size) + std::string(name);
        rest %= size;
    }
    return out;
}

std::uint64_t parseUnsigned(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        throw InvalidArgument("\"" + printable(text) + "\" is not a whole number of at most 64 bits");
    return value;
}

std::uint64_t parseSize(std::string_view text)
{
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    std::string suffix(text.substr(digits));
    std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    static constexpr std::string_view kSuffixes = "KMGT";
    const auto power = suffix.empty() ? std::string_view::npos : kSuffixes.find(suffix[0]);
    const bool known = suffix.empty() || suffix == "B" ||
                       (power != std::string_view::npos && (suffix.size() == 1 || suffix.substr(1) == "IB"));
    if (digits == 0 || !known)
        throw InvalidArgument("\"" + printable(text) + "\" is not a size", {},
                              "write it like 2048M or 4G (powers of 1024)");
    const unsigned shift = power == std::string_view::npos ? 0 : 10 * (static_cast<unsigned>(power) + 1);
    const std::uint64_t value = parseUnsigned(text.substr(0, digits));
    if (value > std::numeric_limits<std::uint64_t>::max() >> shift)
        throw InvalidArgument("the size \"" + printable(text) + "\" does not fit 64 bits");
    return value << shift;
}

std::string formatSize(std::uint64_t bytes)
{
    static constexpr std::string_view kSuffixes = "TGMK";
    for (unsigned i = 0; i < 4; ++i) {
        const std::uint64_t unit = std::uint64_t{1} << (40 - 10 * i);
        if (bytes != 0 && bytes % unit == 0)
            return std::to_string(bytes / unit) + kSuffixes[i];
    }
    return std::to_string(bytes);
}

std::string toHex(std::span<const std::uint8_t> bytes)
{
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

std::vector<std::uint8_t> parseHex(std::string_view text)
{
    std::vector<std::uint8_t> out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        std::uint8_t byte = 0;
        const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
        if (error != std::errc() || end != text.data() + i + 2)
            break;
        out.push_back(byte);
    }
    if (out.size() * 2 != text.size())
        throw InvalidArgument("a value is not an even number of hexadecimal digits");
    return out;
}

std::vector<std::string> split(std::string_view text, char separator)
{
    std::vector<std::string> parts;
    while (true) {
        const auto end = text.find(separator);
        const auto part = trim(text.substr(0, end));
        if (!part.empty())
            parts.emplace_back(part);
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

std::string lowerCase(std::string_view text)
{
    std::string out(text);
    for (char& c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

std::string_view trim(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string join(std::span<const std::string> parts, std::string_view separator)
{
    std::string out;
    for (const auto& part : parts) {
        if (!out.empty())
            out += separator;
        out += part;
    }
    return out;
}

std::size_t editDistance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
        }
    }
    return row[b.size()];
}

std::string nearest(std::string_view text, std::span<const std::string> candidates)
{
    std::string best;
    std::size_t bestDistance =
        text.size() / 3 + 2; // further away than a third of it was not a slip of the fingers
    for (const auto& candidate : candidates) {
        // No nearer than their lengths are: a long text, of whoever wrote it, costs nothing.
        if (std::max(text.size(), candidate.size()) - std::min(text.size(), candidate.size()) >= bestDistance)
            continue;
        const auto distance = editDistance(text, candidate);
        if (distance < bestDistance) {
            bestDistance = distance;
            best = candidate;
        }
    }
    return best;
}

std::size_t utf8SequenceLength(std::string_view text) noexcept
{
    if (text.empty())
        return 0;
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = at(0);
    if (lead < 0x80)
        return 1;
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : (lead & 0xF0) == 0xE0        ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((at(i) & 0xC0) != 0x80)
            return 0;
    // Overlong forms, surrogates, beyond U+10FFFF.
    const unsigned char second = at(1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
        return 0;
    return length;
}

bool isUtf8(std::string_view text) noexcept
{
    while (!text.empty()) {
        const auto length = utf8SequenceLength(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string printable(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        const auto length = utf8SequenceLength(text);
        const auto byte = static_cast<std::uint8_t>(text.front());
        // U+0080 to U+009F are control characters too; in UTF-8 they start with C2.
        const bool c1 = length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
        if (length == 0 || byte < 0x20 || byte == 0x7F || c1) {
            out += "\\x" + toHex(std::span(&byte, 1));
            text.remove_prefix(1);
        } else {
            out += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    return out;
}

std::string shellQuoted(std::string_view text)
{
    static constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
    if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos)
        return std::string(text);
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

} // namespace teehost
