// SPDX-License-Identifier: Apache-2.0
//
// All certificates and CRLs that are at hand, and which of them belong to a report.
#pragma once

#include <optional>
#include <vector>

#include "report/chain.h"
#include "report/report.h"

namespace teehost::sev_snp {

class Collateral {
public:
    /// Certificates and CRLs in PEM or DER, or a certificate table with them. InputError collateral when it
    /// is nothing of that, or when there are absurdly many.
    void add(kit::ByteView blob);

    /// A VCEK or VLEK: of the kind that signed the report, and of its chip and TCB, as far as there are
    /// several.
    [[nodiscard]] const kit::Certificate* vekFor(const Report& report) const;
    /// ASK or ASVK, and ARK, by the names in the certificates; of several with one name those whose
    /// signatures fit.
    struct Issuers {
        const kit::Certificate* intermediate = nullptr;
        const kit::Certificate* root = nullptr;
    };
    [[nodiscard]] Issuers issuersOf(const kit::Certificate& vek) const;

    [[nodiscard]] const std::vector<kit::Certificate>& certificates() const noexcept { return certificates_; }
    [[nodiscard]] const std::vector<kit::Crl>& crls() const noexcept { return crls_; }

private:
    void addX509(kit::ByteView blob);

    std::vector<kit::Certificate> certificates_;
    std::vector<kit::Crl> crls_;
};

} // namespace teehost::sev_snp
