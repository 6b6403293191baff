// SPDX-License-Identifier: Apache-2.0
//
// All certificates and CRLs that are at hand, and which of them belong to a report.
#pragma once

#include <optional>
#include <string>
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
    [[nodiscard]] const kit::VendorCertificate* vekFor(const Report& report) const;
    /// ASK or ASVK, and ARK, by the names in the certificates; of several with one name those whose
    /// signatures fit. Of one each the signatures are not looked at.
    struct Issuers {
        const kit::VendorCertificate* intermediate = nullptr;
        const kit::VendorCertificate* root = nullptr;
    };
    [[nodiscard]] Issuers issuersOf(const kit::VendorCertificate& vek) const;

    [[nodiscard]] const std::vector<kit::VendorCertificate>& certificates() const noexcept
    {
        return certificates_;
    }
    [[nodiscard]] const std::vector<kit::VendorCrl>& crls() const noexcept { return crls_; }
    /// Says of each certificate given beside them why it is not AMD's, in one sentence.
    [[nodiscard]] const std::vector<std::string>& others() const noexcept { return others_; }
    /// Why a CRL that is given cannot be read; one sentence each.
    [[nodiscard]] const std::vector<std::string>& unreadCrls() const noexcept { return unreadCrls_; }

private:
    void addX509(kit::ByteView blob);

    std::vector<kit::VendorCertificate> certificates_;
    std::vector<kit::VendorCrl> crls_;
    std::vector<std::string> others_, unreadCrls_;
    std::size_t objects_ = 0; ///< that were read, however often one was given
};

} // namespace teehost::sev_snp
