// SPDX-License-Identifier: Apache-2.0
//
// Certificates, CRLs and chains of the makers of TEEs: Intel's SGX PKI and AMD's SEV PKI. Both have one small
// profile of RFC 5280, which is read here with the kit's own DER reader. OpenSSL checks the signatures only:
// it takes longer to decode a certificate than to check its signature. Certificates of everybody else, as of
// endorsement keys of TPMs, are of no fixed profile, and are OpenSSL's (x509.h).
//
// Every such chain that OpenSSL's X509_verify_cert refuses is refused here too, and more: a test compares
// them over chains that are made wrong byte by byte (vendor_differential_test). The profile, with sections of
// RFC 5280:
//
//  - 4.1: DER in its only form throughout, but for the unused bits of key usage; at most a mebibyte.
//  - 4.1.1.2, 5.1.1.2: one algorithm inside and outside of what is signed. Signatures are ECDSA with SHA-256
//    by a key on P-256 (Intel), or RSASSA-PSS with SHA-384, MGF1 of it and a salt of 48 bytes by an RSA key
//    (AMD); any other never verifies.
//  - 4.1.2.1, 4.1.2.8, 5.1.2.1: certificates are of version 3, without unique identifiers; CRLs of version
//    2, or of version 1 without extensions.
//  - 4.1.2.2: serial numbers are not negative, and have 20 bytes at most.
//  - 4.1.2.4, 7.1: names have at least one attribute, each by itself and of printable ASCII, and are equal
//    byte by byte.
//  - 4.1.2.5, 5.1.2.5: times are UTCTime until 2049 and GeneralizedTime from 2050, with seconds, in UTC; a
//    CRL says when the next one comes.
//  - 4.1.2.7: keys are points on P-256 or P-384, or RSA moduli of 2048 to 4096 bits; no other makes a chain.
//  - 4.2: no extension is critical but basicConstraints and keyUsage. Of those that RFC 5280 and Netscape
//    define there are only authority and subject key identifier, key usage, basic constraints and CRL
//    distribution points, each once and in the form that the makers write. Two of a maker's own are refused
//    where one is read.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "teehost/kit/bytes.h"
#include "teehost/kit/crypto_error.h"
#include "teehost/kit/digest.h"
#include "teehost/kit/public_key.h"
#include "teehost/kit/time.h"

namespace teehost::kit {

namespace vendor {
struct CertificateParts;
struct CrlParts;
} // namespace vendor

/// Immutable and cheap to copy; of another profile than the above there is none.
class VendorCertificate {
public:
    /// Exactly one certificate in DER; else CryptoError, which says what is wrong with it and where.
    [[nodiscard]] static VendorCertificate fromDer(ByteView der);

    /// The only common name of the subject or issuer; empty when there is none or more than one.
    [[nodiscard]] const std::string& subjectCommonName() const noexcept;
    [[nodiscard]] const std::string& issuerCommonName() const noexcept;
    /// Big endian without sign or leading zeros, hexadecimal; "00" for zero.
    [[nodiscard]] std::string serial() const;
    [[nodiscard]] Validity validity() const noexcept;
    /// The key, if it is one on that curve.
    [[nodiscard]] std::optional<PublicKey> keyOn(Curve curve) const;
    /// Contents of subjectPublicKey, without its algorithm: of an EC key the point.
    [[nodiscard]] ByteView publicKeyBits() const noexcept;
    /// Contents of the extension with that dotted OID, without its OCTET STRING; they live as long as a copy
    /// of the certificate. CryptoError when there are two.
    [[nodiscard]] std::optional<ByteView> extension(std::string_view oid) const;
    /// Signed with RSASSA-PSS, SHA-384 and a salt of 48 bytes.
    [[nodiscard]] bool hasPssSha384Signature() const noexcept;
    /// Signed with ECDSA and SHA-256.
    [[nodiscard]] bool hasEcdsaSha256Signature() const noexcept;
    /// Says of itself that it may sign certificates: a CA, with keyCertSign.
    [[nodiscard]] bool mayIssue() const noexcept;
    /// Names this certificate as its issuer, by name and key identifier, and is signed by its key. Whether
    /// that one may issue is another question. False for certificates that no chain may have (4.2).
    [[nodiscard]] bool isIssuedBy(const VendorCertificate& issuer) const;
    [[nodiscard]] const Bytes& der() const noexcept;
    [[nodiscard]] Sha256Digest fingerprint() const; ///< SHA-256 of der()
    /// The same bytes.
    [[nodiscard]] bool operator==(const VendorCertificate& other) const noexcept;

    [[nodiscard]] const vendor::CertificateParts& parts() const noexcept { return *parts_; }

private:
    explicit VendorCertificate(std::shared_ptr<const vendor::CertificateParts> parts) noexcept
        : parts_(std::move(parts))
    {
    }
    std::shared_ptr<const vendor::CertificateParts> parts_;
};

/// Immutable and cheap to copy.
class VendorCrl {
public:
    /// Exactly one CRL in DER; else CryptoError.
    [[nodiscard]] static VendorCrl fromDer(ByteView der);

    /// Names this certificate as its issuer, by name and key identifier, and is signed by its key, which may
    /// sign CRLs (6.3.3 f). CRLs with a critical extension are refused, since none is understood here.
    [[nodiscard]] bool isSignedBy(const VendorCertificate& issuer) const;
    /// As of a certificate.
    [[nodiscard]] const std::string& issuerCommonName() const noexcept;
    [[nodiscard]] std::size_t revokedCount() const noexcept;
    /// thisUpdate to nextUpdate.
    [[nodiscard]] Validity validity() const noexcept;
    /// By serial number, whatever the reason is. The caller makes sure that the CRL is of the certificate's
    /// issuer.
    [[nodiscard]] bool revokes(const VendorCertificate& certificate) const noexcept;
    [[nodiscard]] const Bytes& der() const noexcept;

private:
    explicit VendorCrl(std::shared_ptr<const vendor::CrlParts> parts) noexcept : parts_(std::move(parts)) {}
    std::shared_ptr<const vendor::CrlParts> parts_;
};

/// Certificates and CRLs of a file in whatever form, as readX509 reads them (x509.h). CryptoError when there
/// is none in it, or one is broken. A certificate among `known` is not read again.
struct VendorObjects {
    std::vector<VendorCertificate> certificates;
    std::vector<VendorCrl> crls;
    /// Says of each that OpenSSL can read and that is not of the profile why: such ones are of somebody else.
    std::vector<std::string> others;
    /// The same of CRLs, which are kept apart: a CRL that was handed over and cannot be read is not as good
    /// as none, since it may be the one that revokes.
    std::vector<std::string> unreadCrls;
    [[nodiscard]] std::size_t count() const noexcept
    {
        return certificates.size() + crls.size() + others.size() + unreadCrls.size();
    }
};
[[nodiscard]] VendorObjects readVendorX509(ByteView file, std::span<const VendorCertificate> known = {});

/// Says why `leaf`, `issuers` (its issuer first) and the self-signed `root` are not a chain in exactly this
/// order: a signature (6.1.3 a), a name, a CA flag (6.1.4 k, n), a path that is too long (6.1.4 m), two
/// certificates of one name. Returns nullopt when they are. Neither validity in time nor trust in the root is
/// looked at. A root whose fingerprint is among `self_signed` is known to sign itself, and this is not
/// checked again.
[[nodiscard]] std::optional<std::string> chainFault(const VendorCertificate& leaf,
                                                    std::span<const VendorCertificate> issuers,
                                                    const VendorCertificate& root,
                                                    std::span<const Sha256Digest> self_signed = {});

} // namespace teehost::kit
