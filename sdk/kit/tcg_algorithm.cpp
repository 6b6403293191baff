// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/tcg_algorithm.h"

#include <algorithm>
#include <array>

#include "teehost/kit/reader.h"

namespace teehost::kit {

std::string algorithmName(std::uint16_t id)
{
    struct NamedId {
        std::uint16_t id;
        std::string_view name;
    };
    constexpr std::array kNames{
        NamedId{0x01, "rsa"},      NamedId{0x04, "sha1"},      NamedId{0x05, "hmac"},
        NamedId{0x06, "aes"},      NamedId{0x08, "keyedhash"}, NamedId{0x0A, "xor"},
        NamedId{0x0B, "sha256"},   NamedId{0x0C, "sha384"},    NamedId{0x0D, "sha512"},
        NamedId{0x10, "null"},     NamedId{0x12, "sm3_256"},   NamedId{0x13, "sm4"},
        NamedId{0x14, "rsassa"},   NamedId{0x15, "rsaes"},     NamedId{0x16, "rsapss"},
        NamedId{0x17, "oaep"},     NamedId{0x18, "ecdsa"},     NamedId{0x19, "ecdh"},
        NamedId{0x1A, "ecdaa"},    NamedId{0x1B, "sm2"},       NamedId{0x1C, "ecschnorr"},
        NamedId{0x23, "ecc"},      NamedId{0x25, "symcipher"}, NamedId{0x26, "camellia"},
        NamedId{0x27, "sha3_256"}, NamedId{0x28, "sha3_384"},  NamedId{0x29, "sha3_512"}};
    const auto* it =
        std::find_if(kNames.begin(), kNames.end(), [&](const NamedId& one) { return one.id == id; });
    return it == kNames.end() ? hexNumber(id) : std::string(it->name);
}

} // namespace teehost::kit
