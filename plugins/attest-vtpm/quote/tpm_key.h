// SPDX-License-Identifier: Apache-2.0
//
// Public areas of TPM keys: TPMT_PUBLIC (TPM 2.0 Library part 2, section 12.2.4), their names, and what keys
// may do.
#pragma once

#include <cstdint>
#include <optional>

#include <teehost/kit/public_key.h>

#include "quote/fault.h"
#include "tpm_algorithm.h"

namespace teehost::vtpm {

namespace attribute { // TPMA_OBJECT, section 8.3
inline constexpr std::uint32_t kFixedTpm = 0x2;
inline constexpr std::uint32_t kFixedParent = 0x10;
inline constexpr std::uint32_t kSensitiveDataOrigin = 0x20;
inline constexpr std::uint32_t kAdminWithPolicy = 0x80;
inline constexpr std::uint32_t kRestricted = 0x1'0000;
inline constexpr std::uint32_t kDecrypt = 0x2'0000;
inline constexpr std::uint32_t kSign = 0x4'0000;
} // namespace attribute

/// The key's own scheme; nothing when it signs with any.
struct SigningScheme {
    std::uint16_t scheme;
    std::uint16_t hash;
};

struct TpmKey {
    /// TPMT_PUBLIC, or TPM2B_PUBLIC with its size before it. InputError malformed, or key when it is of a
    /// kind that is not accepted: RSA of less than 2048 bits, curves but P-256, P-384 and P-521, other types.
    [[nodiscard]] static TpmKey parse(kit::ByteView bytes);

    kit::Bytes bytes; ///< TPMT_PUBLIC
    HashAlgorithm nameAlgorithm;
    std::uint32_t attributes;
    std::optional<SigningScheme> scheme;
    kit::PublicKey key;

    /// nameAlg || H(TPMT_PUBLIC), part 1, section 16.
    [[nodiscard]] kit::Bytes name() const;
    /// nameAlg || H(parent's qualified name || name); of a primary key the parent is its hierarchy's handle.
    [[nodiscard]] kit::Bytes qualifiedName(kit::ByteView parent) const;
};

/// Why a quote of this key would prove nothing: it must be a restricted signing key that was made in its TPM
/// and cannot leave it.
[[nodiscard]] std::optional<Fault> akFault(const TpmKey& key);
/// Why it is no endorsement key by its attributes (TCG EK Credential Profile, section B.3).
[[nodiscard]] std::optional<Fault> ekFault(const TpmKey& key);

/// "owner", "endorsement", "null", or "ek" for a child of `ek`, by the qualified signer of what it signed;
/// "unknown" for another parent. It is the key's word: information, not proof.
[[nodiscard]] std::string_view parentOf(const TpmKey& key, kit::ByteView qualified_signer,
                                        const TpmKey* ek = nullptr);

} // namespace teehost::vtpm
