// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "attest.pb.h"

namespace teehost::guest {

/// sevsnp.Attestation of a report as the firmware gives it out (SEV-SNP Firmware ABI, table
/// "ATTESTATION_REPORT") and of the hypervisor's certificates (GHCB Specification, 56421, section 4.1.8), of
/// which there may be none. NoEvidence for a report that the message cannot carry whole, since its signature
/// would not hold, and for a table that points outside of itself.
[[nodiscard]] attest::SnpAttestation snpMessage(std::string_view report, std::string_view certificateTable);

} // namespace teehost::guest
