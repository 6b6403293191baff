// SPDX-License-Identifier: Apache-2.0
//
// Views of bytes, and their text forms.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace teehost::kit {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// Lower case, two digits a byte.
[[nodiscard]] std::string toHex(ByteView bytes);
/// Either case; nothing for an odd number of digits or another character.
[[nodiscard]] std::optional<Bytes> fromHex(std::string_view text);

/// RFC 4648 section 4, padded, on one line.
[[nodiscard]] std::string toBase64(ByteView bytes);
/// Exactly what toBase64 writes: no white space, no missing padding, no bits set beyond the last byte.
[[nodiscard]] std::optional<Bytes> fromBase64(std::string_view text);

[[nodiscard]] bool isZero(ByteView bytes) noexcept;
[[nodiscard]] bool equal(ByteView a, ByteView b) noexcept;
/// In a time that depends on the lengths only.
[[nodiscard]] bool equalInConstantTime(ByteView a, ByteView b) noexcept;
[[nodiscard]] Bytes reversed(ByteView bytes);

namespace detail {
consteval std::uint8_t hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f')
        return static_cast<std::uint8_t>(c - 'a' + 10);
    throw "not a lower case hexadecimal digit";
}
} // namespace detail

/// Bytes as a constant, in lower case hexadecimal.
template <std::size_t N>
consteval std::array<std::uint8_t, N> arrayOf(std::string_view hex)
{
    if (hex.size() != 2 * N)
        throw "two digits a byte";
    std::array<std::uint8_t, N> bytes{};
    for (std::size_t i = 0; i < N; ++i)
        bytes[i] =
            static_cast<std::uint8_t>(detail::hexDigit(hex[2 * i]) << 4 | detail::hexDigit(hex[2 * i + 1]));
    return bytes;
}

/// Text of others as it can be shown: what is not printable ASCII becomes '?', and 64 characters are enough.
[[nodiscard]] std::string shownText(std::string_view text);
/// "RTMR1" as "rtmr1"; what is not ASCII stays.
[[nodiscard]] std::string lowered(std::string_view text);

[[nodiscard]] inline ByteView viewOf(std::string_view text) noexcept
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view textOf(ByteView bytes) noexcept
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace teehost::kit
