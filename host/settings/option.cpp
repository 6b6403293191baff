// SPDX-License-Identifier: Apache-2.0
#include "host/settings/option.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::settings {
namespace {

[[noreturn]] void refuse(const OptionSpec& spec, std::string_view text, const std::string& allowed)
{
    throw InvalidArgument(spec.sensitive ? "the value is not acceptable"
                                         : "\"" + printable(text) + "\" is not acceptable",
                          {}, "allowed: " + allowed);
}

bool parseBool(const OptionSpec& spec, std::string_view text)
{
    for (const std::string_view word : {"true", "yes", "on", "1"})
        if (text == word)
            return true;
    for (const std::string_view word : {"false", "no", "off", "0"})
        if (text == word)
            return false;
    refuse(spec, text, "true or false (also yes, no, on, off, 1, 0)");
}

std::string boundText(const OptionSpec& spec, std::int64_t bound)
{
    if (spec.type == OptionType::Size)
        return formatSize(static_cast<std::uint64_t>(bound));
    if (spec.type == OptionType::Duration)
        return formatDuration(std::chrono::nanoseconds(bound));
    return std::to_string(bound);
}

std::string rangeText(const OptionSpec& spec)
{
    if (spec.min && spec.max)
        return boundText(spec, *spec.min) + " to " + boundText(spec, *spec.max);
    if (spec.min)
        return boundText(spec, *spec.min) + " or more";
    return "at most " + boundText(spec, *spec.max);
}

void checkRange(const OptionSpec& spec, std::string_view text, __int128_t value)
{
    if ((spec.min && value < *spec.min) || (spec.max && value > *spec.max))
        refuse(spec, text, rangeText(spec));
}

std::int64_t parseInt(const OptionSpec& spec, std::string_view text)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        refuse(spec, text, "a whole number");
    return value;
}

double parseRatio(const OptionSpec& spec, std::string_view text)
{
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
        value < 0 || value > 1)
        refuse(spec, text, "a number from 0.0 to 1.0");
    return value;
}

std::string parsePath(const OptionSpec& spec, std::string_view text, const std::string& baseDir)
{
    if (text.find('\0') != std::string_view::npos)
        refuse(spec, text, "a path without NUL");
    if (text.empty() || std::find(spec.choices.begin(), spec.choices.end(), text) != spec.choices.end())
        return std::string(text);
    return (std::filesystem::path(baseDir) / text).lexically_normal().string();
}

std::string parseString(const OptionSpec& spec, std::string_view text)
{
    if (text.find_first_of(std::string_view("\0\n\r", 3)) != std::string_view::npos || !isUtf8(text))
        refuse(spec, text, "one line of UTF-8 text");
    return std::string(text);
}

} // namespace

std::string_view typeName(OptionType type) noexcept
{
    switch (type) {
    case OptionType::Bool:
        return "bool";
    case OptionType::Int:
        return "integer";
    case OptionType::UInt:
        return "integer >= 0";
    case OptionType::Ratio:
        return "number 0.0 to 1.0";
    case OptionType::String:
        return "string";
    case OptionType::Bytes:
        return "hex";
    case OptionType::Path:
        return "path";
    case OptionType::Size:
        return "size";
    case OptionType::Duration:
        return "duration";
    case OptionType::Enum:
        return "choice";
    case OptionType::List:
        return "list";
    case OptionType::Port:
        return "port";
    }
    return "string";
}

namespace {

Value parse(const OptionSpec& spec, std::string_view text, const std::string& baseDir)
{
    if (spec.allowAuto && text == "auto")
        return Auto{};
    switch (spec.type) {
    case OptionType::Bool:
        return parseBool(spec, text);
    case OptionType::Int: {
        const auto value = parseInt(spec, text);
        checkRange(spec, text, value);
        return value;
    }
    case OptionType::UInt: {
        const auto value = parseUnsigned(text);
        checkRange(spec, text, value);
        return value;
    }
    case OptionType::Port: {
        const auto value = parseUnsigned(text);
        if (value > 65535)
            refuse(spec, text, "a port, 0 to 65535");
        checkRange(spec, text, value);
        return value;
    }
    case OptionType::Ratio:
        return parseRatio(spec, text);
    case OptionType::String:
        return parseString(spec, text);
    case OptionType::Bytes:
        return parseHex(text);
    case OptionType::Path:
        return parsePath(spec, text, baseDir);
    case OptionType::Size: {
        const auto value = parseSize(text);
        checkRange(spec, text, value);
        return value;
    }
    case OptionType::Duration: {
        const auto value = parseDuration(text, DurationUnits::WithDays);
        checkRange(spec, text, value.count());
        return value;
    }
    case OptionType::Enum:
        if (std::find(spec.choices.begin(), spec.choices.end(), text) == spec.choices.end())
            refuse(spec, text, join(spec.choices, ", "));
        return std::string(text);
    case OptionType::List:
        return split(parseString(spec, text), ',');
    }
    throw Error(Category::Internal, "option \"" + spec.key + "\" has an unknown type");
}

} // namespace

Value parseValue(const OptionSpec& spec, std::string_view text, const std::string& baseDir)
{
    try {
        return parse(spec, text, baseDir);
    } catch (const InvalidArgument&) {
        if (!spec.sensitive)
            throw;
    }
    // The readers in base/text.h quote what they refuse.
    throw InvalidArgument("the value is not acceptable", {}, "allowed: " + std::string(typeName(spec.type)));
}

} // namespace teehost::settings
