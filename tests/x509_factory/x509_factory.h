// SPDX-License-Identifier: Apache-2.0
//
// Certificates and CRLs of keys made on the spot, each part of which can be made wrong on purpose. RSA keys
// are short, because making them takes the time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <teehost/kit/bytes.h>
#include <teehost/kit/vendor_x509.h>
#include <teehost/kit/x509.h>

struct evp_pkey_st;

namespace teehost::x509_factory {

using kit::Bytes;

using Key = std::shared_ptr<evp_pkey_st>;
[[nodiscard]] Key makeRsaKey();
[[nodiscard]] Key makeEcKey(const char* curve = "P-384");

inline constexpr kit::UnixSeconds kNow =
    1'760'000'000; ///< October 2025: when everything is valid unless said otherwise
inline constexpr kit::UnixSeconds kYear = 31'536'000;

struct Extension {
    std::string oid;
    Bytes value;
};

struct CertificateTerms {
    std::string subject; ///< common name
    std::string issuer;
    Key key;
    Key signer;
    bool isCa = false;
    bool pss = true; ///< of RSA; else PKCS #1 v1.5
    std::uint64_t serial = 0;
    kit::Validity validity{kNow - kYear, kNow + kYear};
    std::vector<Extension> extensions{};
    std::string digest{};                         ///< OpenSSL's name; see signBytes when empty
    std::string keyUsage = "keyCertSign,cRLSign"; ///< of a CA
};
[[nodiscard]] kit::Certificate makeCertificate(const CertificateTerms& terms);

struct CrlTerms {
    std::string issuer;
    Key signer;
    kit::Validity validity{kNow - 86'400, kNow + 86'400};
    std::vector<std::uint64_t> revoked{}; ///< serial numbers
    bool criticalExtension = false;
};
[[nodiscard]] kit::Crl makeCrl(const CrlTerms& terms);

/// The same, read as one of a maker of TEEs.
[[nodiscard]] inline kit::VendorCertificate vendor(const kit::Certificate& certificate)
{
    return kit::VendorCertificate::fromDer(certificate.der());
}
[[nodiscard]] inline kit::VendorCrl vendor(const kit::Crl& crl) { return kit::VendorCrl::fromDer(crl.der()); }

/// ECDSA over SHA-256 with a key on P-256, over SHA-384 with another: r and s, big endian, `number` bytes
/// each.
[[nodiscard]] Bytes signBytes(kit::ByteView message, const Key& key, std::size_t number);

/// RFC 7468: one block of PEM.
[[nodiscard]] std::string pem(std::string_view label, kit::ByteView der);
[[nodiscard]] inline std::string pem(const kit::Certificate& certificate)
{
    return pem("CERTIFICATE", certificate.der());
}
[[nodiscard]] inline std::string pem(const kit::VendorCertificate& certificate)
{
    return pem("CERTIFICATE", certificate.der());
}

} // namespace teehost::x509_factory
