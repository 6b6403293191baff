// SPDX-License-Identifier: Apache-2.0
//
// A text as the value of an option: refused, or a value of the option's type, within its range, fit for what
// the type promises. Input: a letter for the type, flags auto and sensitive, least and most (empty for none),
// the text.
#include "host/settings/option.h"

#include <algorithm>
#include <filesystem>

#include "tests/fuzz/input.h"

namespace {

using namespace teehost;
using namespace settings;
using fuzz::require;
using namespace std::string_view_literals;

constexpr auto kTypes = "biursxpzdelo"sv; // in the order of OptionType
const std::vector<std::string> kChoices{"none", "debug", "cocos-json"};

OptionSpec readSpec(fuzz::Input& in)
{
    OptionSpec spec{.key = "x.y"};
    const auto letter = static_cast<unsigned char>(in.byte());
    const auto known = kTypes.find(static_cast<char>(letter));
    spec.type = static_cast<OptionType>(known != std::string_view::npos ? known : letter % kTypes.size());
    spec.allowAuto = in.flag();
    spec.sensitive = in.flag();
    if (spec.type == OptionType::Enum || spec.type == OptionType::Path)
        spec.choices = kChoices;
    for (auto* bound : {&spec.min, &spec.max})
        if (const auto text = in.text(); !text.empty())
            *bound = std::atoll(text.c_str());
    return spec;
}

bool isChoice(const std::string& text)
{
    return std::find(kChoices.begin(), kChoices.end(), text) != kChoices.end();
}

/// An integer beyond both of the range's types, so that a comparison here cannot be the one that wraps.
void inRange(const OptionSpec& spec, __int128_t value)
{
    require(!spec.min || value >= *spec.min, "a value is at least the least");
    require(!spec.max || value <= *spec.max, "a value is at most the most");
}

void path(const OptionSpec& spec, const std::string& text, const std::string& value)
{
    require(value.find('\0') == std::string::npos, "a path has no NUL");
    if (value.empty() || isChoice(value))
        return require(value == text || value.starts_with('/'), "a word stands for itself");
    const std::filesystem::path read(value);
    require(read.is_absolute() && read.lexically_normal() == read, "a path is absolute and plain");
    require(std::get<std::string>(parseValue(spec, value, "/elsewhere")) == value,
            "a path read again is the same");
}

void fits(const OptionSpec& spec, const std::string& text, const Value& value)
{
    switch (spec.type) {
    case OptionType::Bool:
        return require(std::holds_alternative<bool>(value), "a bool is one");
    case OptionType::Int:
        return inRange(spec, std::get<std::int64_t>(value));
    case OptionType::Port:
        require(std::get<std::uint64_t>(value) <= 65535, "a port has 16 bits");
        [[fallthrough]];
    case OptionType::UInt:
    case OptionType::Size:
        return inRange(spec, std::get<std::uint64_t>(value));
    case OptionType::Duration:
        return inRange(spec, std::get<std::chrono::nanoseconds>(value).count());
    case OptionType::Ratio:
        return require(std::get<double>(value) >= 0 && std::get<double>(value) <= 1, "a ratio is one");
    case OptionType::String:
        require(isUtf8(text) && text.find_first_of("\0\n\r"sv) == std::string::npos,
                "a string is a line of UTF-8");
        return require(std::get<std::string>(value) == text, "a string stays as it is");
    case OptionType::Bytes:
        return require(std::get<ByteString>(value).size() * 2 == text.size(), "two digits make a byte");
    case OptionType::Path:
        return path(spec, text, std::get<std::string>(value));
    case OptionType::Enum:
        return require(std::get<std::string>(value) == text && isChoice(text),
                       "a choice is one of those declared");
    case OptionType::List:
        for (const auto& part : std::get<std::vector<std::string>>(value))
            require(!part.empty() && part.find_first_of(",\n\0"sv) == std::string::npos && isUtf8(part),
                    "an element is a word of one line");
    }
}

/// What is said of a text that is no value of any type.
std::string refusalOfNul(const OptionSpec& spec)
{
    try {
        (void)parseValue(spec, "\0"sv, "/base/dir");
    } catch (const InvalidArgument& error) {
        return describe(error);
    }
    fuzz::fail("a NUL is no value");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Input in(data, size);
    const OptionSpec spec = readSpec(in);
    const std::string text = in.text();
    try {
        const Value value = parseValue(spec, text, "/base/dir");
        if (std::holds_alternative<Auto>(value))
            require(spec.allowAuto && text == "auto", "auto is a value only where it is allowed");
        else
            fits(spec, text, value);
    } catch (const InvalidArgument& error) {
        fuzz::requirePrintable(describe(error), "a refusal is one printable line");
        require(!spec.sensitive || describe(error) == refusalOfNul(spec),
                "a refusal says the same of every sensitive text");
    }
    return 0;
}
