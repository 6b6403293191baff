// SPDX-License-Identifier: Apache-2.0
//
// Public areas (TPMT_PUBLIC) of the two keys that the agent has in a TPM.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace teehost::guest::tpm {

inline constexpr std::uint16_t kSha256 = 0x000b, kNull = 0x0010, kEcdsa = 0x0018; // TPM_ALG_ID

/// Default RSA-2048 template of an endorsement key (TCG EK Credential Profile, template L-1).
[[nodiscard]] std::string endorsementTemplate();

/// A restricted signing key, ECDSA with SHA-256 on P-256: its template, or with the coordinates its public
/// area.
[[nodiscard]] std::string attestationTemplate(std::string_view x = {}, std::string_view y = {});

} // namespace teehost::guest::tpm
