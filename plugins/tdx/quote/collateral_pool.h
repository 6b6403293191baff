// SPDX-License-Identifier: Apache-2.0
//
// Collateral as it comes: what Intel's service, a caching service or a folder has, in any form and order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <teehost/kit/vendor_x509.h>

#include "tdx/quote/signed_json.h"

namespace teehost::tdx {

class CollateralPool {
public:
    /// Certificates among `known` are not read anew.
    explicit CollateralPool(std::vector<kit::VendorCertificate> known = {}) : known_(std::move(known)) {}

    /// Told apart by their bytes: certificates and CRLs in PEM (URL-encoded too, as headers of HTTP have it),
    /// DER, or DER in hexadecimal; TCB info and QE identity with their signatures. InputError COLLATERAL for
    /// anything else, for two different documents of a kind, and for absurdly many objects.
    void add(kit::ByteView blob);

    [[nodiscard]] const std::vector<kit::VendorCertificate>& certificates() const noexcept
    {
        return certificates_;
    }
    [[nodiscard]] const std::vector<kit::VendorCrl>& crls() const noexcept { return crls_; }
    /// Says of each certificate given beside them why it is not Intel's, in one sentence.
    [[nodiscard]] const std::vector<std::string>& others() const noexcept { return others_; }
    /// Why a CRL that is given cannot be read; one sentence each.
    [[nodiscard]] const std::vector<std::string>& unreadCrls() const noexcept { return unreadCrls_; }
    [[nodiscard]] const std::optional<SignedJson>& tcbInfo() const noexcept { return tcbInfo_; }
    [[nodiscard]] const std::optional<SignedJson>& qeIdentity() const noexcept { return qeIdentity_; }
    /// Those of whom this is the common name.
    [[nodiscard]] std::vector<const kit::VendorCertificate*> named(std::string_view subject) const;

private:
    void addX509(kit::ByteView blob);
    void addDocument(std::string_view text);

    void addCertificate(kit::VendorCertificate certificate);

    std::vector<kit::VendorCertificate> known_;
    std::vector<kit::VendorCertificate> certificates_;
    std::vector<kit::VendorCrl> crls_;
    std::vector<std::string> others_, unreadCrls_;
    std::vector<kit::Sha256Digest> read_; ///< texts of certificates and CRLs
    std::size_t objects_ = 0;             ///< that were read, however often one was given in different texts
    std::optional<SignedJson> tcbInfo_, qeIdentity_;
};

} // namespace teehost::tdx
