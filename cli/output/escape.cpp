// SPDX-License-Identifier: Apache-2.0
#include "cli/output/escape.h"

#include <algorithm>

#include "cli/output/utf8.h"

namespace teehost::cli {
namespace {

enum class LineBreaks { Escape, Keep };
enum class AtEnd { IsTheEnd, MoreMayCome };

constexpr char kHexDigits[] = "0123456789abcdef";

void appendByteEscape(std::string& out, unsigned char byte)
{
    out += "\\x";
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 0xF];
}

void appendCodePointEscape(std::string& out, char32_t codePoint)
{
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
        out += kHexDigits[(codePoint >> shift) & 0xF];
}

constexpr bool isC0OrDelete(char32_t c) noexcept { return c < 0x20 || c == 0x7F; }

/// Characters that are not controls of ASCII and yet act on the text around them. U+0080..9F are the C1
/// controls (U+009B introduces a control sequence as ESC [ does); the others are line separators, marks
/// without width, and the bidirectional controls of Unicode Annex 9 that let text be read in another order
/// than it is stored.
constexpr bool actsOnText(char32_t c) noexcept
{
    return (c >= 0x80 && c <= 0x9F) || c == 0xAD || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

void appendControl(std::string& out, char32_t c)
{
    switch (c) {
    case '\n':
        out += "\\n";
        break;
    case '\r':
        out += "\\r";
        break;
    case '\t':
        out += "\\t";
        break;
    default:
        appendByteEscape(out, static_cast<unsigned char>(c));
    }
}

/// Measures the printable ASCII that the text begins with, as nearly every text does from its beginning to
/// its end.
std::size_t lengthOfPlainText(std::string_view text) noexcept
{
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; });
    return static_cast<std::size_t>(end - text.begin());
}

/// Escapes `in` onto `out` and returns how much of it was used: less than all only when more may come.
std::size_t escapeOnto(std::string& out, std::string_view in, LineBreaks breaks, AtEnd atEnd)
{
    std::size_t used = 0;
    while (used < in.size()) {
        const std::string_view rest = in.substr(used);
        if (const std::size_t plain = lengthOfPlainText(rest); plain != 0) {
            out += rest.substr(0, plain);
            used += plain;
            continue;
        }
        const Utf8Char c = decodeUtf8(rest);
        const bool lastCr = rest == "\r";
        if (atEnd == AtEnd::MoreMayCome && (c.kind == Utf8Char::Kind::Truncated || lastCr))
            return used;
        if (breaks == LineBreaks::Keep && rest.starts_with("\r\n")) {
            ++used; // the \n says it all
            continue;
        }
        if (c.kind != Utf8Char::Kind::Valid)
            for (const char byte : rest.substr(0, c.length))
                appendByteEscape(out, static_cast<unsigned char>(byte));
        else if (breaks == LineBreaks::Keep && (c.codePoint == '\n' || c.codePoint == '\t'))
            out += static_cast<char>(c.codePoint);
        else if (isC0OrDelete(c.codePoint))
            appendControl(out, c.codePoint);
        else if (actsOnText(c.codePoint))
            appendCodePointEscape(out, c.codePoint);
        else
            out += rest.substr(0, c.length);
        used += c.length;
    }
    return used;
}

bool startsCharacter(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

} // namespace

std::string escapeLine(std::string_view text)
{
    std::string out;
    escapeOnto(out, text, LineBreaks::Escape, AtEnd::IsTheEnd);
    return out;
}

std::string escapeText(std::string_view text)
{
    std::string out;
    escapeOnto(out, text, LineBreaks::Keep, AtEnd::IsTheEnd);
    return out;
}

std::string StreamEscaper::feed(std::string_view bytes)
{
    held_ += bytes;
    std::string out;
    held_.erase(0, escapeOnto(out, held_, LineBreaks::Keep, AtEnd::MoreMayCome));
    return out;
}

std::string StreamEscaper::finish()
{
    std::string out = escapeText(held_);
    held_.clear();
    return out;
}

std::size_t displayWidth(std::string_view escaped) noexcept
{
    std::size_t width = 0;
    for (const char byte : escaped)
        width += startsCharacter(byte) ? 1 : 0;
    return width;
}

std::string_view truncateToWidth(std::string_view escaped, std::size_t columns) noexcept
{
    std::size_t width = 0;
    for (std::size_t i = 0; i < escaped.size(); ++i)
        if (startsCharacter(escaped[i]) && width++ == columns)
            return escaped.substr(0, i);
    return escaped;
}

std::string indentLines(std::string_view text, std::string_view indent)
{
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    std::string out;
    for (const char c : text) {
        out += c;
        if (c == '\n')
            out += indent;
    }
    return out;
}

} // namespace teehost::cli
