// SPDX-License-Identifier: Apache-2.0
//
// All certificates and CRLs that are at hand, and which of them belong to a report.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/chain.h"
#include "report/report.h"

namespace teehost::sev_snp {

class Collateral {
public:
    /// Whoever made the evidence must not spend what others may give.
    enum class Origin : std::uint8_t { Given, Fetched, Offered };

    /// Certificates and CRLs in PEM or DER, or a certificate table with them. InputError collateral when it
    /// is nothing of that, or when there are absurdly many of one origin: 64, and 8 that came with evidence.
    void add(kit::ByteView blob, Origin origin = Origin::Given);

    /// A VCEK or VLEK: of the kind that signed the report, and of its chip and TCB, as far as there are
    /// several.
    struct Vek {
        const kit::VendorCertificate* certificate = nullptr;
        bool fits = false; ///< in kind, chip and TCB
    };
    [[nodiscard]] Vek vekFor(const Report& report) const;
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
    void addX509(kit::ByteView blob, Origin origin);

    std::vector<kit::VendorCertificate> certificates_;
    std::vector<kit::VendorCrl> crls_;
    std::vector<std::string> others_, unreadCrls_;
    std::array<std::size_t, 3> objects_{}; ///< that were read of each origin, however often one was given
};

} // namespace teehost::sev_snp
