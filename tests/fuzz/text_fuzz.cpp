// SPDX-License-Identifier: Apache-2.0
//
// The readers and writers of small texts: each accepted text is what its writer gives back, and what is made
// for a terminal or a shell is safe there.
#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "tests/fuzz/property.h"

namespace {

using namespace teehost;
using fuzz::require;
using std::chrono::nanoseconds;
using namespace std::string_view_literals;

void durations(std::string_view text)
{
    const auto duration = fuzz::unlessMalformed([&] { return parseDuration(text, DurationUnits::WithDays); });
    if (duration) {
        require(duration->count() >= 0, "a duration is not negative");
        require(parseDuration(formatDuration(*duration), DurationUnits::Go) == *duration,
                "a duration survives");
    }
    const auto go = fuzz::unlessMalformed([&] { return parseDuration(text, DurationUnits::Go); });
    require(!go || go == duration, "days change nothing else");
}

void numbers(std::string_view text)
{
    if (const auto number = fuzz::unlessMalformed([&] { return parseUnsigned(text); })) {
        const auto significant = std::min(text.find_first_not_of('0'), text.size() - 1);
        require(std::to_string(*number) == text.substr(significant), "a number is its digits");
        require(parseSize(text) == *number, "a number alone is a size in bytes");
    }
    if (const auto bytes = fuzz::unlessMalformed([&] { return parseSize(text); }))
        require(parseSize(formatSize(*bytes)) == *bytes, "a size survives");
}

void hex(std::string_view text, std::span<const std::uint8_t> bytes)
{
    const auto read = parseHex(toHex(bytes));
    require(std::equal(read.begin(), read.end(), bytes.begin(), bytes.end()), "bytes survive as hexadecimal");
    if (const auto parsed = fuzz::unlessMalformed([&] { return parseHex(text); })) {
        std::string lower(text);
        for (char& c : lower)
            c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        require(toHex(*parsed) == lower, "hexadecimal is its digits");
    }
}

/// nlohmann's writer refuses what is not UTF-8: a second opinion.
bool jsonTakesAsUtf8(std::string_view text)
{
    try {
        (void)nlohmann::json(text).dump();
        return true;
    } catch (const nlohmann::json::type_error&) {
        return false;
    }
}

void terminal(std::string_view text)
{
    require(isUtf8(text) == jsonTakesAsUtf8(text), "UTF-8 is what others take for it");
    const std::string shown = printable(text);
    require(jsonTakesAsUtf8(shown), "what is shown is UTF-8");
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    require(std::none_of(shown.begin(), shown.end(), control), "what is shown has no control character");
    for (std::size_t at = 0; (at = shown.find('\xC2', at)) != std::string::npos; ++at)
        require(static_cast<unsigned char>(shown.at(at + 1)) >= 0xA0, "nor one of U+0080 to U+009F");
    require(printable(shown) == shown, "what may be shown stays as it is");
}

/// The words of a POSIX shell's command line, for the quoting that shellQuoted may use: none, '…' and \x
/// outside. Nothing when the shell would take a byte for more than itself (XCU, section 2.2).
std::optional<std::vector<std::string>> shellWords(std::string_view line)
{
    static constexpr auto kSpecial = "|&;<>()$`\"*?[]#~ \t\n!{}\0"sv;
    std::vector<std::string> words(1);
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\'') {
            const auto end = line.find('\'', i + 1);
            if (end == std::string_view::npos)
                return std::nullopt;
            words.back() += line.substr(i + 1, end - i - 1);
            i = end;
        } else if (line[i] == '\\') {
            if (++i == line.size() || line[i] == '\n')
                return std::nullopt;
            words.back() += line[i];
        } else if (line[i] == ' ') {
            words.emplace_back();
        } else if (kSpecial.find(line[i]) != std::string_view::npos) {
            return std::nullopt;
        } else {
            words.back() += line[i];
        }
    }
    return words;
}

void shell(std::string_view text)
{
    const std::string quoted = shellQuoted(text);
    require(!quoted.empty(), "the empty word is quoted");
    const auto words = shellWords("x " + quoted + " y");
    require(words == std::vector<std::string>{"x", std::string(text), "y"},
            "a shell reads the one word back");
}

void lists(std::string_view text)
{
    const auto parts = split(text, ',');
    for (const auto& part : parts)
        require(!part.empty() && trim(part) == part && part.find(',') == std::string::npos,
                "a part is trimmed");
    require(split(join(parts, ","), ',') == parts, "a list survives");
    const auto head = text.substr(0, 64);
    require(editDistance(head, head) == 0 && editDistance(head, "") == head.size(), "a text is near itself");
    require(editDistance(head, "grpc.port") == editDistance("grpc.port", head),
            "a distance has no direction");
}

/// Any number, not only those a text spelled.
void everyNumber(std::span<const std::uint8_t> bytes)
{
    std::array<std::uint8_t, 8> first{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), first.size()), first.begin());
    std::uint64_t number = 0;
    for (const auto byte : first)
        number = number << 8 | byte;
    require(parseSize(formatSize(number)) == number, "every size survives");
    const nanoseconds duration(static_cast<std::int64_t>(number >> 1));
    require(parseDuration(formatDuration(duration), DurationUnits::Go) == duration,
            "every duration survives");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = fuzz::asText(data, size);
    const std::span bytes(data, size);
    durations(text);
    numbers(text);
    hex(text, bytes);
    terminal(text);
    shell(text);
    lists(text);
    everyNumber(bytes);
    return 0;
}
