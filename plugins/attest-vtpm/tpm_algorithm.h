// SPDX-License-Identifier: Apache-2.0
//
// The banks of a TPM and its PCRs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <teehost/kit/event_log.h>
#include <teehost/kit/tcg_algorithm.h>

namespace teehost::vtpm {

using kit::algOf;
using kit::algorithmName;
using kit::HashAlgorithm;
using kit::hashOf;
using kit::kAlgSha1;
using kit::kAlgSha256;
using kit::kAlgSha384;
using kit::kAlgSha512;
using kit::kPcrs;

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

/// TPM_ECC_CURVE, "NIST P-256"; its number for another.
[[nodiscard]] std::string curveName(std::uint16_t id);

} // namespace teehost::vtpm
