// SPDX-License-Identifier: Apache-2.0
//
// Public keys that check signatures as TEEs make them: raw numbers, not DER.
#pragma once

#include <memory>

#include "teehost/kit/bytes.h"
#include "teehost/kit/digest.h"

struct evp_pkey_st;

namespace teehost::kit {

enum class Curve { P256, P384, P521 };

/// Bytes of a coordinate, and of each half of a signature: 32, 48 or 66.
[[nodiscard]] constexpr std::size_t sizeOf(Curve curve) noexcept
{
    return curve == Curve::P256 ? 32 : curve == Curve::P384 ? 48 : 66;
}

enum class RsaPadding {
    Pkcs1, ///< RSASSA-PKCS1-v1_5
    Pss    ///< RSASSA-PSS with MGF1 of the same hash, whatever the salt's length
};

/// Immutable and cheap to copy; const use from several threads is fine.
class PublicKey {
public:
    explicit PublicKey(std::shared_ptr<evp_pkey_st> key);
    /// From big endian coordinates of sizeOf(curve) bytes each. CryptoError when that is no point of the
    /// curve.
    [[nodiscard]] static PublicKey fromPoint(Curve curve, ByteView x, ByteView y);

    /// From a big endian modulus. CryptoError when OpenSSL makes no key of it.
    [[nodiscard]] static PublicKey fromModulus(ByteView modulus, std::uint32_t exponent);

    /// The very same public key.
    [[nodiscard]] bool operator==(const PublicKey& other) const;
    /// Of an RSA modulus or EC field.
    [[nodiscard]] std::size_t bits() const;
    [[nodiscard]] bool isRsa() const noexcept { return kind_ == Kind::Rsa; }
    /// Whether it is an EC key on this curve.
    [[nodiscard]] bool isOn(Curve curve) const;
    /// Big endian coordinates of a key on `curve`; CryptoError for another key.
    struct Point {
        Bytes x, y;
    };
    [[nodiscard]] Point pointOn(Curve curve) const;

    /// Whether (r, s), big endian of any length, is this key's ECDSA signature of a message with that digest.
    /// False for everything that is not exactly valid: zero or too large r or s, a key of another kind, an
    /// error of OpenSSL.
    [[nodiscard]] bool verifyEcdsa(ByteView digest, ByteView r, ByteView s) const;

    /// Whether it is this key's RSA signature of a message with that digest. False for everything that is not
    /// exactly valid, as above.
    [[nodiscard]] bool verifyRsa(RsaPadding padding, HashAlgorithm algorithm, ByteView digest,
                                 ByteView signature) const;

    /// RSASSA-PSS with MGF1 of the same hash and a salt of exactly `salt` bytes; false as above.
    [[nodiscard]] bool verifyPss(HashAlgorithm algorithm, std::size_t salt, ByteView digest,
                                 ByteView signature) const;

    [[nodiscard]] evp_pkey_st* raw() const noexcept { return key_.get(); }

private:
    enum class Kind { Ec, Rsa, Other }; ///< asked of OpenSSL once, which compares names for it

    PublicKey(std::shared_ptr<evp_pkey_st> key, Kind kind) noexcept : key_(std::move(key)), kind_(kind) {}
    [[nodiscard]] bool verifyRsa(RsaPadding padding, int salt, HashAlgorithm algorithm, ByteView digest,
                                 ByteView signature) const;
    std::shared_ptr<evp_pkey_st> key_;
    Kind kind_ = Kind::Other;
};

} // namespace teehost::kit
