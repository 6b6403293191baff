// SPDX-License-Identifier: Apache-2.0
//
// Is this report a genuine one, of a chip and firmware that AMD vouches for? The cryptographic part of a
// verification; what the report says is then held against a policy (policy.h).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/chain.h"
#include "report/checks.h"
#include "report/report.h"

namespace teehost::sev_snp {

enum class CrlMode { Off, IfPresent, Required };

struct VerifyTerms {
    kit::UnixSeconds at = 0; ///< certificates and CRL must be valid then
    std::span<const kit::Sha256Digest> roots;
    CrlMode crl = CrlMode::IfPresent;
    /// What to say when there is no chain: which certificate is missing, and why.
    std::string missing = "the certificates of the report are missing";
    bool allowNewerVersion =
        false; ///< read reports of a version that is not known yet like the newest one that is
};

/// Every check in its order, whatever fails before it, as far as it can be made. `chain` is null
/// when certificates are missing.
[[nodiscard]] std::vector<CheckLine> verifyReport(const Report& report, const ChainFacts* chain,
                                                  const VerifyTerms& terms);

/// The line the report's TCBs are to be read for: by family and model, or, before version 3, by the chain's
/// root.
[[nodiscard]] std::optional<ProductLine> lineOf(const Report& report, const ChainFacts* chain) noexcept;

} // namespace teehost::sev_snp
