// SPDX-License-Identifier: Apache-2.0
//
// What a report says, held against what a verification asks for.
#pragma once

#include <vector>

#include <teehost/plugin.hpp>

#include "report/checks.h"
#include "report/policy.h"

namespace teehost::sev_snp {

namespace reference {
/// CPUID(1).EAX of the vCPUs that the launch digest was computed for. It is told beside the digest, and no
/// report shows it.
inline constexpr std::string_view kCpuSignature = "snp.cpu_signature";
} // namespace reference

/// The checks snp.debug, snp.migration, and those that the request asks for: report data, launch digest,
/// reference values, rules.
[[nodiscard]] std::vector<CheckLine> appraiseRequest(const Report& report, std::optional<ProductLine> line,
                                                     const Policy& policy, const sdk::VerifyRequest& request);

} // namespace teehost::sev_snp
