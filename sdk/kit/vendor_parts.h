// SPDX-License-Identifier: Apache-2.0
//
// The contents of a certificate or CRL of a maker of TEEs (RFC 5280, 4.1 and 5.1; vendor_x509.h): views of
// its own copy of the DER.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vendor_extensions.h"
#include "vendor_fields.h"

namespace teehost::kit::vendor {

struct CertificateParts {
    /// ParseError, or CryptoError of its key.
    explicit CertificateParts(ByteView from);
    CertificateParts(const CertificateParts&) = delete;
    CertificateParts& operator=(const CertificateParts&) = delete;

    const Bytes der;
    ByteView tbs; ///< what is signed, with tag and length
    ByteView serial;
    Name issuer, subject;
    Validity validity;
    Key key;
    std::vector<Extension> extensions;
    Constraints constraints;
    Signature algorithm = Signature::Other;
    ByteView signature;
};

struct CrlParts {
    /// ParseError.
    explicit CrlParts(ByteView from);
    CrlParts(const CrlParts&) = delete;
    CrlParts& operator=(const CrlParts&) = delete;

    const Bytes der;
    ByteView tbs;
    Name issuer;
    Validity validity;
    std::vector<ByteView> revoked; ///< serial numbers
    std::optional<ByteView> authorityKeyId;
    bool hasCritical = false; ///< extension, of the list or of an entry
    Signature algorithm = Signature::Other;
    ByteView signature;
};

} // namespace teehost::kit::vendor
