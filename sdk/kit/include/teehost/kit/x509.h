// SPDX-License-Identifier: Apache-2.0
//
// X.509 certificates, chains and CRLs of whoever, over OpenSSL: endorsement keys of TPMs are certified by
// many makers. Those of Intel and AMD have one small profile, and are read without OpenSSL (vendor_x509.h).
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

struct x509_st;
struct X509_crl_st;

namespace teehost::kit {

/// Immutable and cheap to copy.
class Certificate {
public:
    /// Exactly one certificate in DER; else CryptoError.
    [[nodiscard]] static Certificate fromDer(ByteView der);

    /// A further owner of an OpenSSL certificate.
    [[nodiscard]] static Certificate sharing(x509_st* x509);

    /// The only common name of the subject or issuer; empty when there is none or more than one.
    [[nodiscard]] std::string subjectCommonName() const;
    [[nodiscard]] std::string issuerCommonName() const;
    /// Big endian without sign or leading zeros, hexadecimal; "0" for zero.
    [[nodiscard]] std::string serial() const;
    [[nodiscard]] Validity validity() const;
    [[nodiscard]] PublicKey publicKey() const;
    /// Contents of subjectPublicKey, without its algorithm: of an EC key the point.
    [[nodiscard]] Bytes publicKeyBits() const;
    /// Contents of the extension with that dotted OID, without its OCTET STRING. CryptoError when there are
    /// two.
    [[nodiscard]] std::optional<Bytes> extension(std::string_view oid) const;
    /// Signed with RSASSA-PSS and SHA-384.
    [[nodiscard]] bool hasPssSha384Signature() const;
    /// Signed with ECDSA and SHA-256.
    [[nodiscard]] bool hasEcdsaSha256Signature() const;
    /// Says of itself that it may sign certificates: a CA, with keyCertSign.
    [[nodiscard]] bool mayIssue() const;
    /// Names this certificate as its issuer, and is signed by its key. Whether that one may issue is another
    /// question.
    [[nodiscard]] bool isIssuedBy(const Certificate& issuer) const;
    [[nodiscard]] Bytes der() const;
    [[nodiscard]] Sha256Digest fingerprint() const; ///< SHA-256 of der()

    [[nodiscard]] x509_st* raw() const noexcept { return x509_.get(); }

private:
    explicit Certificate(std::shared_ptr<x509_st> x509) noexcept : x509_(std::move(x509)) {}
    std::shared_ptr<x509_st> x509_;
};

/// Immutable and cheap to copy.
class Crl {
public:
    [[nodiscard]] static Crl fromDer(ByteView der);

    /// Names this certificate as its issuer, and is signed by its key. CRLs with a critical extension are
    /// refused, since none is understood here.
    [[nodiscard]] bool isSignedBy(const Certificate& issuer) const;
    /// As of a certificate.
    [[nodiscard]] std::string issuerCommonName() const;
    [[nodiscard]] std::size_t revokedCount() const;
    /// thisUpdate to nextUpdate; without the latter it ends with its beginning.
    [[nodiscard]] Validity validity() const;
    /// By serial number. The caller makes sure that the CRL is of the certificate's issuer.
    [[nodiscard]] bool revokes(const Certificate& certificate) const;
    [[nodiscard]] Bytes der() const;

private:
    explicit Crl(std::shared_ptr<X509_crl_st> crl) noexcept : crl_(std::move(crl)) {}
    std::shared_ptr<X509_crl_st> crl_;
};

/// Certificates and CRLs of a file in whatever form: DER of one of them, or PEM with any number; what else is
/// in the PEM is left out. CryptoError when there is none in it, or one is broken.
struct X509Objects {
    std::vector<Certificate> certificates;
    std::vector<Crl> crls;
};
[[nodiscard]] X509Objects readX509(ByteView file);

/// Files of certificates and CRLs are not longer: 1 MiB; CryptoError. Lengths are int in OpenSSL.
void expectShort(ByteView file);
/// Whether it looks like PEM text, or like a DER sequence as long as the input.
[[nodiscard]] bool looksLikeX509(ByteView file) noexcept;

/// A way from a certificate to one that is trusted.
struct FoundChain {
    std::vector<Certificate> issuers{}; ///< of the leaf first; the last is the anchor
    std::optional<std::string> fault{}; ///< why there is none; then `issuers` is empty
};
/// Over any of `pool`, to any of `anchors`, which need not be self-signed: who gives an intermediate as an
/// anchor trusts it. All certificates must be valid at `at`. A critical subject alternative name, as
/// endorsement keys of TPMs have it, is no hindrance.
[[nodiscard]] FoundChain findChain(const Certificate& leaf, std::span<const Certificate> pool,
                                   std::span<const Certificate> anchors, UnixSeconds at);

} // namespace teehost::kit
