// SPDX-License-Identifier: Apache-2.0
//
// Where Intel's provisioning certification service (PCS API v4), or a caching service with the same paths
// (PCCS), has collateral.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace teehost::tdx {

inline constexpr std::string_view kIntelPcs = "https://api.trustedservices.intel.com";

/// Which authority has issued a PCK certificate.
enum class PckCa { Platform, Processor };

/// The chains of who signed the first three are in headers of the answers: isIssuerChainHeader.
[[nodiscard]] std::string tcbInfoUrl(std::string_view base, const std::array<std::uint8_t, 6>& fmspc);
[[nodiscard]] std::string qeIdentityUrl(std::string_view base);
/// DER.
[[nodiscard]] std::string pckCrlUrl(std::string_view base, PckCa ca);
/// DER; hexadecimal from a PCCS. Intel keeps it elsewhere than the rest.
[[nodiscard]] std::string rootCrlUrl(std::string_view base);

/// Whether a header of an answer, in lower case, is an issuer chain: PEM in URL encoding.
[[nodiscard]] bool isIssuerChainHeader(std::string_view name) noexcept;

} // namespace teehost::tdx
