// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/printable.h"

namespace teehost::guest {

std::string printable(std::string_view text, std::size_t limit)
{
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (const char c : text.substr(0, limit)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '\\') {
            out += c;
        } else {
            out += "\\x";
            out += kHex[byte >> 4];
            out += kHex[byte & 0xf];
        }
    }
    if (text.size() > limit)
        out += "...";
    return out;
}

} // namespace teehost::guest
