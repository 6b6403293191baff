// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "teehost/kit/bytes.h"

namespace teehost::kit {

/// UTF-16LE of a text in ASCII, without a terminator.
[[nodiscard]] inline Bytes utf16Of(std::string_view ascii)
{
    Bytes out;
    out.reserve(2 * (ascii.size() + 1)); // with room for a terminator
    for (const char c : ascii) {
        out.push_back(static_cast<std::uint8_t>(c));
        out.push_back(0);
    }
    return out;
}

} // namespace teehost::kit
