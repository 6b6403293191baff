// SPDX-License-Identifier: Apache-2.0
//
// Hash algorithms by the ids that the TCG gives them (TCG Algorithm Registry, table "TPM_ALG_ID"), and what
// extending a register with a digest does to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "teehost/kit/digest.h"

namespace teehost::kit {

inline constexpr std::uint16_t kAlgSha1 = 0x0004, kAlgSha256 = 0x000B, kAlgSha384 = 0x000C,
                               kAlgSha512 = 0x000D;

[[nodiscard]] constexpr std::optional<HashAlgorithm> hashOf(std::uint16_t alg_id) noexcept
{
    switch (alg_id) {
    case kAlgSha1:
        return HashAlgorithm::Sha1;
    case kAlgSha256:
        return HashAlgorithm::Sha2_256;
    case kAlgSha384:
        return HashAlgorithm::Sha2_384;
    case kAlgSha512:
        return HashAlgorithm::Sha2_512;
    default:
        return std::nullopt;
    }
}

/// The other way round.
[[nodiscard]] constexpr std::uint16_t algOf(HashAlgorithm algorithm) noexcept
{
    switch (algorithm) {
    case HashAlgorithm::Sha1:
        return kAlgSha1;
    case HashAlgorithm::Sha2_384:
        return kAlgSha384;
    case HashAlgorithm::Sha2_512:
        return kAlgSha512;
    case HashAlgorithm::Sha3_512: // no bank is of it
    case HashAlgorithm::Sha2_256:
        break;
    }
    return kAlgSha256;
}

/// TPM_ALG_ID as tpm2-tools writes it, "sha256", "rsassa" (TCG Algorithm Registry); its number for another.
[[nodiscard]] std::string algorithmName(std::uint16_t id);

/// A PCR (TPM 2.0 Library part 3, section 22.2) or RTMR (Intel TDX Module specification, TDG.MR.RTMR.EXTEND)
/// after a digest was added to it. `hasher` is of the register's algorithm, and between two digests.
inline void extendRegister(AnyHasher& hasher, AnyDigest& reg, ByteView digest)
{
    hasher.update(reg.view());
    hasher.update(digest);
    reg = hasher.finish();
}

} // namespace teehost::kit
