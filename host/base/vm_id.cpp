// SPDX-License-Identifier: Apache-2.0
#include "host/base/vm_id.h"

#include <array>
#include <cstdint>

#include <sys/random.h>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost {

VmId VmId::random()
{
    std::array<std::uint8_t, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        throw Error(Category::Internal, "the kernel gave no random bytes for a VM id");
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40); // version 4
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80); // RFC 4122 variant
    std::string text = toHex(bytes);
    for (const std::size_t dash : {8u, 13u, 18u, 23u})
        text.insert(dash, 1, '-');
    return VmId(std::move(text));
}

std::optional<VmId> VmId::parse(std::string_view text)
{
    if (text.size() != 36)
        return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (dash ? text[i] != '-' : !hex)
            return std::nullopt;
    }
    return VmId(std::string(text));
}

} // namespace teehost
