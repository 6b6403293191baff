// SPDX-License-Identifier: Apache-2.0
//
// Where AMD's key distribution service has certificates and CRLs (57230, section 4).
#pragma once

#include <string>

#include "report/endorsement.h"
#include "report/report.h"

namespace teehost::sev_snp {

inline constexpr std::string_view kAmdKds = "https://kdsintf.amd.com";

/// Of the VCEK that signs reports with this REPORTED_TCB on this chip.
[[nodiscard]] std::string vcekUrl(std::string_view base, const Report& report, ProductLine line);
/// PEM: ASK (or ASVK), ARK.
[[nodiscard]] std::string chainUrl(std::string_view base, EndorsementKind kind, ProductLine line);
/// DER.
[[nodiscard]] std::string crlUrl(std::string_view base, EndorsementKind kind, ProductLine line);

} // namespace teehost::sev_snp
