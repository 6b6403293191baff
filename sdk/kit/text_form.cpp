// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/text_form.h"

#include <algorithm>

namespace teehost::kit {
namespace {

constexpr std::size_t kMostFile = 16u << 20;
constexpr std::size_t kFewestBytes = 16; // a word of a language is base64 as well
constexpr std::string_view kBlank = " \t\r\n";

bool isBlank(char c) noexcept { return kBlank.find(c) != std::string_view::npos; }
bool isHexDigit(char c) noexcept
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// UTF-16 with a byte order mark, as PowerShell writes what is redirected; nothing when it has more than
/// ASCII.
std::optional<std::string> narrowed(ByteView file)
{
    const bool little = file[0] == 0xFF;
    std::string out;
    for (std::size_t i = 2; i + 1 < file.size(); i += 2) {
        const std::uint8_t low = file[little ? i : i + 1], high = file[little ? i + 1 : i];
        if (high != 0)
            return std::nullopt;
        out += static_cast<char>(low);
    }
    return out;
}

std::string_view withoutQuotes(std::string_view text) noexcept
{
    if (text.size() > 3 && text.front() == 'b' && (text[1] == '\'' || text[1] == '"'))
        text.remove_prefix(1); // of bytes as Python prints them
    const bool quoted =
        text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\'');
    return quoted ? trimmedText(text.substr(1, text.size() - 2)) : text;
}

/// The digits of `text`, without what tools put between and before bytes; nothing when there is anything
/// else.
std::optional<std::string> hexDigitsOf(std::string_view text)
{
    std::string digits;
    digits.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (isBlank(text[i]) || text[i] == ',' || text[i] == ':') {
            ++i;
            continue;
        }
        const bool prefixed = i + 2 < text.size() && (text[i] == '0' || text[i] == '\\') &&
                              (text[i + 1] == 'x' || text[i + 1] == 'X');
        if (prefixed)
            i += 2;
        const std::size_t start = i;
        while (i < text.size() && isHexDigit(text[i]))
            ++i;
        if (i == start)
            return std::nullopt;
        if (prefixed && i - start == 1) // 0x0, as arrays of C have it
            digits += '0';
        digits += text.substr(start, i - start);
    }
    return digits;
}

/// The characters of base64 without its line breaks, in the alphabet of RFC 4648, section 4, padded; nothing
/// when it is none. Lines are of one length but for the last: words in lines are not taken for it.
std::optional<std::string> base64Of(std::string_view text)
{
    std::string out;
    std::size_t width = 0;
    bool last = false, url = false, standard = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmedText(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty())
            continue;
        if (last || (width != 0 && line.size() > width))
            return std::nullopt;
        last = width != 0 && line.size() < width;
        width = line.size();
        for (const char c : line) {
            url = url || c == '-' || c == '_';
            standard = standard || c == '+' || c == '/';
            out += c == '-' ? '+' : c == '_' ? '/' : c;
        }
    }
    while (out.ends_with('='))
        out.pop_back();
    if ((url && standard) || out.size() % 4 == 1)
        return std::nullopt;
    out.append((4 - out.size() % 4) % 4, '=');
    return out;
}

} // namespace

std::string_view trimmedText(std::string_view text) noexcept
{
    const std::size_t first = text.find_first_not_of(kBlank);
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

std::optional<std::string> plainText(ByteView file)
{
    if (file.size() > kMostFile)
        return std::nullopt;
    std::optional<std::string> text;
    const bool wide =
        file.size() >= 2 && ((file[0] == 0xFF && file[1] == 0xFE) || (file[0] == 0xFE && file[1] == 0xFF));
    if (wide)
        text = narrowed(file);
    else
        text = std::string(textOf(file));
    if (!text)
        return std::nullopt;
    if (text->starts_with("\xEF\xBB\xBF"))
        text->erase(0, 3);
    while (text->ends_with('\0')) // of a C string, or of a buffer written whole
        text->pop_back();
    const bool plain =
        std::all_of(text->begin(), text->end(), [](char c) { return (c >= ' ' && c <= '~') || isBlank(c); });
    return plain ? text : std::nullopt;
}

std::optional<DecodedText> decodeText(ByteView file)
{
    const auto plain = plainText(file);
    if (!plain || plain->find("-----BEGIN") != std::string::npos)
        return std::nullopt;
    const std::string_view text = withoutQuotes(trimmedText(*plain));
    if (const auto digits = hexDigitsOf(text))
        if (auto bytes = fromHex(*digits); bytes && bytes->size() >= kFewestBytes)
            return DecodedText{*std::move(bytes), "hexadecimal text"};
    if (const auto base64 = base64Of(text))
        if (auto bytes = fromBase64(*base64); bytes && bytes->size() >= kFewestBytes)
            return DecodedText{*std::move(bytes), "base64 text"};
    return std::nullopt;
}

} // namespace teehost::kit
