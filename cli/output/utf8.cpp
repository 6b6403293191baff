// SPDX-License-Identifier: Apache-2.0
#include "cli/output/utf8.h"

namespace teehost::cli {
namespace {

/// What the first byte of a sequence says about it, with the range its second byte must lie in: RFC 3629,
/// section 4.
struct Lead {
    std::size_t length = 0; ///< 0: cannot begin a sequence
    unsigned secondLow = 0x80;
    unsigned secondHigh = 0xBF;
    unsigned payload = 0;
};

constexpr Lead leadOf(unsigned byte) noexcept
{
    if (byte < 0x80)
        return {1, 0x80, 0xBF, byte};
    if (byte >= 0xC2 && byte <= 0xDF)
        return {2, 0x80, 0xBF, byte & 0x1F};
    if (byte >= 0xE0 && byte <= 0xEF)
        return {3, byte == 0xE0 ? 0xA0u : 0x80u, byte == 0xED ? 0x9Fu : 0xBFu, byte & 0x0F};
    if (byte >= 0xF0 && byte <= 0xF4)
        return {4, byte == 0xF0 ? 0x90u : 0x80u, byte == 0xF4 ? 0x8Fu : 0xBFu, byte & 0x07};
    return {};
}

} // namespace

Utf8Char decodeUtf8(std::string_view text) noexcept
{
    const auto byteAt = [text](std::size_t i) {
        return static_cast<unsigned>(static_cast<unsigned char>(text[i]));
    };
    const Lead lead = leadOf(byteAt(0));
    if (lead.length == 0)
        return {Utf8Char::Kind::Invalid, 1, 0};
    char32_t codePoint = lead.payload;
    for (std::size_t i = 1; i < lead.length; ++i) {
        if (i == text.size())
            return {Utf8Char::Kind::Truncated, i, 0};
        const unsigned low = i == 1 ? lead.secondLow : 0x80;
        const unsigned high = i == 1 ? lead.secondHigh : 0xBF;
        if (byteAt(i) < low || byteAt(i) > high)
            return {Utf8Char::Kind::Invalid, 1, 0};
        codePoint = (codePoint << 6) | (byteAt(i) & 0x3F);
    }
    return {Utf8Char::Kind::Valid, lead.length, codePoint};
}

std::string asUtf8(std::string_view text, std::size_t maxBytes)
{
    constexpr std::string_view kReplacement = "\xef\xbf\xbd"; // U+FFFD
    std::string out;
    while (!text.empty()) {
        const auto [kind, length, codePoint] = decodeUtf8(text);
        const bool valid = kind == Utf8Char::Kind::Valid && codePoint != 0;
        const auto character = valid ? text.substr(0, length) : kReplacement;
        if (character.size() > maxBytes - out.size())
            break;
        out += character;
        text.remove_prefix(valid ? length : 1);
    }
    return out;
}

} // namespace teehost::cli
