// SPDX-License-Identifier: Apache-2.0
//
// GUIDs as constants.
#pragma once

#include <array>
#include <string_view>

#include "teehost/kit/bytes.h"

namespace teehost::kit {

using Guid = std::array<std::uint8_t, 16>;

/// "63da758d-e664-4564-adc5-f4b93be8accd" in the order it is printed (RFC 4122, section 4.1.2).
consteval Guid printedGuid(std::string_view text)
{
    Guid guid{};
    std::size_t digits = 0;
    for (const char c : text)
        if (c != '-') {
            auto& byte = guid.at(digits / 2);
            byte = static_cast<std::uint8_t>(byte << 4 | detail::hexDigit(c));
            ++digits;
        }
    if (digits != 32)
        throw "a GUID has 32 digits";
    return guid;
}

/// The same as UEFI stores it: the first three groups are little endian numbers (UEFI specification, appendix
/// A).
consteval Guid uefiGuid(std::string_view text)
{
    const Guid p = printedGuid(text);
    return {p[3], p[2], p[1],  p[0],  p[5],  p[4],  p[7],  p[6],
            p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15]};
}

} // namespace teehost::kit
