// SPDX-License-Identifier: Apache-2.0
//
// ID block and ID authentication information: who vouches for a launch digest, and by which key (56860,
// section 8.18, SNP_LAUNCH_FINISH, tables "Structure of the ID Block" and "ID Authentication Information
// Structure").
#pragma once

#include <array>

#include <teehost/kit/public_key.h>

#include "launch/page_chain.h"

namespace teehost::sev_snp {

inline constexpr std::size_t kIdBlockSize = 96;
inline constexpr std::size_t kIdAuthSize = 4096;
inline constexpr std::size_t kIdKeySize = 0x404;
inline constexpr std::uint32_t kIdBlockVersion = 1;

struct IdBlock {
    LaunchDigest digest{};
    std::array<std::uint8_t, 16> familyId{};
    std::array<std::uint8_t, 16> imageId{};
    std::uint32_t version = kIdBlockVersion;
    std::uint32_t guestSvn = 0;
    std::uint64_t policy = 0;

    /// InputError id_block_form unless it is kIdBlockSize bytes of a known version.
    [[nodiscard]] static IdBlock parse(kit::ByteView bytes);
    [[nodiscard]] std::array<std::uint8_t, kIdBlockSize> encode() const;
};

/// A public key as the SEV firmware takes it: curve, coordinates of 72 bytes little endian, zeros.
class IdKey {
public:
    IdKey() = default; ///< all zero: none
    explicit IdKey(const std::array<std::uint8_t, kIdKeySize>& bytes) noexcept : bytes_(bytes) {}
    /// InputError id_key_curve for a key that is not on P-384.
    [[nodiscard]] static IdKey of(const kit::PublicKey& key);
    /// From curve number and little endian coordinates of 72 bytes.
    [[nodiscard]] static IdKey of(std::uint32_t curve, kit::ByteView x, kit::ByteView y);

    /// InputError id_key_curve when it is not on P-384.
    [[nodiscard]] kit::PublicKey key() const;
    /// What the attestation report shows: SHA-384 of all its bytes; zeros for none.
    [[nodiscard]] kit::Sha384Digest digest() const;
    [[nodiscard]] bool isNone() const noexcept { return kit::isZero(bytes_); }
    [[nodiscard]] const std::array<std::uint8_t, kIdKeySize>& bytes() const noexcept { return bytes_; }

private:
    std::array<std::uint8_t, kIdKeySize> bytes_{};
};

/// Halves of an ECDSA signature, little endian, 72 bytes each.
struct IdSignature {
    std::array<std::uint8_t, 72> r{}, s{};
};

struct IdAuth {
    IdSignature blockSignature;
    IdKey idKey;
    IdSignature keySignature;
    IdKey authorKey; ///< none when the author does not sign

    /// InputError id_auth_form unless it is kIdAuthSize bytes with the known algorithms and zeros where they
    /// must be.
    [[nodiscard]] static IdAuth parse(kit::ByteView bytes);
    [[nodiscard]] std::array<std::uint8_t, kIdAuthSize> encode() const;
};

/// Throws InputError id_key_curve, id_block_signature or id_key_signature unless `auth` vouches for `block`.
void verifyId(const IdBlock& block, const IdAuth& auth);

} // namespace teehost::sev_snp
