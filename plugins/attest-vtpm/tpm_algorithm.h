// SPDX-License-Identifier: Apache-2.0
//
// Hash algorithms by the ids that TPMs give them (TPM 2.0 Library part 2, table "TPM_ALG_ID"), and the PCRs
// that are made with them.
#pragma once

#include <cstdint>
#include <optional>

#include <teehost/kit/digest.h>

namespace teehost::vtpm {

using kit::HashAlgorithm;

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

/// "sha256": the name of a bank; nothing for another word.
[[nodiscard]] constexpr std::optional<HashAlgorithm> bankNamed(std::string_view name) noexcept
{
    if (name == "sha1")
        return HashAlgorithm::Sha1;
    if (name == "sha256")
        return HashAlgorithm::Sha2_256;
    if (name == "sha384")
        return HashAlgorithm::Sha2_384;
    if (name == "sha512")
        return HashAlgorithm::Sha2_512;
    return std::nullopt;
}

inline constexpr std::uint32_t kPcrs = 24; ///< of a PC client TPM

/// What extending a PCR with a digest does to it (TPM 2.0 Library part 3, section 22.2). `hasher` is of the
/// PCR's bank, and between two digests.
inline void extendPcr(kit::AnyHasher& hasher, kit::AnyDigest& pcr, kit::ByteView digest)
{
    hasher.update(pcr.view());
    hasher.update(digest);
    pcr = hasher.finish();
}

} // namespace teehost::vtpm
