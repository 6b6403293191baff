// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/vendor_x509.h"

#include <algorithm>
#include <array>

#include "vendor_parts.h"

namespace teehost::kit {
namespace {

constexpr std::size_t kMostDer = 1u << 20; // a thousand times a certificate; a CRL of ten thousand entries

template <class Parts>
std::shared_ptr<const Parts> partsOf(ByteView der, const char* what)
{
    try {
        if (der.size() > kMostDer)
            throw CryptoError("more than a mebibyte");
        return std::make_shared<const Parts>(der);
    } catch (const std::runtime_error& e) { // of the reader, or of the key
        throw CryptoError("not " + std::string(what) + " of a maker of TEEs: " + e.what());
    }
}

/// By name, and by key identifier where both sides have one (RFC 5280, 6.1.3 a and 4.2.1.1).
bool names(const vendor::Name& issuer, const std::optional<ByteView>& key_id,
           const vendor::CertificateParts& its)
{
    return equal(issuer.der, its.subject.der) &&
           (!key_id || !its.constraints.subjectKeyId || equal(*key_id, *its.constraints.subjectKeyId));
}

bool isUsedFor(const vendor::CertificateParts& its, unsigned usage)
{
    return !its.constraints.keyUsage || (*its.constraints.keyUsage & usage) != 0;
}

/// The contents of an OBJECT IDENTIFIER, by its dotted form.
bool isOid(ByteView contents, std::string_view dotted)
{
    Bytes der{0x06, static_cast<std::uint8_t>(contents.size())};
    if (contents.size() > 0x7f)
        return false;
    der.insert(der.end(), contents.begin(), contents.end());
    try {
        return DerReader(der, "object identifier").oid() == dotted;
    } catch (const ParseError&) { // with a component of more than 64 bits
        return false;
    }
}

} // namespace

VendorCertificate VendorCertificate::fromDer(ByteView der)
{
    return VendorCertificate(partsOf<vendor::CertificateParts>(der, "a certificate"));
}

const std::string& VendorCertificate::subjectCommonName() const noexcept
{
    return parts_->subject.commonName;
}

const std::string& VendorCertificate::issuerCommonName() const noexcept { return parts_->issuer.commonName; }

std::string VendorCertificate::serial() const
{
    std::string text = toHex(parts_->serial);
    for (char& c : text)
        c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
    return text;
}

Validity VendorCertificate::validity() const noexcept { return parts_->validity; }

std::optional<PublicKey> VendorCertificate::keyOn(Curve curve) const
{
    using Kind = vendor::Key::Kind;
    const Kind wanted = curve == Curve::P256 ? Kind::P256 : curve == Curve::P384 ? Kind::P384 : Kind::Other;
    return parts_->key.kind == wanted ? parts_->key.key : std::nullopt;
}

ByteView VendorCertificate::publicKeyBits() const noexcept { return parts_->key.bits; }

std::optional<ByteView> VendorCertificate::extension(std::string_view oid) const
{
    std::optional<ByteView> out;
    for (const vendor::Extension& its : parts_->extensions) {
        if (!isOid(its.oid, oid))
            continue;
        if (out)
            throw CryptoError("the certificate has two extensions " + std::string(oid));
        out = its.value;
    }
    return out;
}

bool VendorCertificate::hasPssSha384Signature() const noexcept
{
    return parts_->algorithm == vendor::Signature::PssSha384;
}

bool VendorCertificate::hasEcdsaSha256Signature() const noexcept
{
    return parts_->algorithm == vendor::Signature::EcdsaSha256;
}

bool VendorCertificate::mayIssue() const noexcept
{
    return parts_->constraints.isCa && parts_->constraints.keyUsage &&
           isUsedFor(*parts_, vendor::usage::kKeyCertSign);
}

bool VendorCertificate::isIssuedBy(const VendorCertificate& issuer) const
{
    return !parts_->constraints.fault && !issuer.parts_->constraints.fault &&
           names(parts_->issuer, parts_->constraints.authorityKeyId, *issuer.parts_) &&
           vendor::isSigned(parts_->tbs, parts_->algorithm, parts_->signature, issuer.parts_->key);
}

const Bytes& VendorCertificate::der() const noexcept { return parts_->der; }

Sha256Digest VendorCertificate::fingerprint() const { return sha256(parts_->der); }

bool VendorCertificate::operator==(const VendorCertificate& other) const noexcept
{
    return parts_ == other.parts_ || equal(parts_->der, other.parts_->der);
}

VendorCrl VendorCrl::fromDer(ByteView der) { return VendorCrl(partsOf<vendor::CrlParts>(der, "a CRL")); }

bool VendorCrl::isSignedBy(const VendorCertificate& issuer) const
{
    const vendor::CertificateParts& its = issuer.parts();
    return !parts_->hasCritical && !its.constraints.fault && isUsedFor(its, vendor::usage::kCrlSign) &&
           names(parts_->issuer, parts_->authorityKeyId, its) &&
           vendor::isSigned(parts_->tbs, parts_->algorithm, parts_->signature, its.key);
}

const std::string& VendorCrl::issuerCommonName() const noexcept { return parts_->issuer.commonName; }
std::size_t VendorCrl::revokedCount() const noexcept { return parts_->revoked.size(); }
Validity VendorCrl::validity() const noexcept { return parts_->validity; }

bool VendorCrl::revokes(const VendorCertificate& certificate) const noexcept
{
    return std::any_of(parts_->revoked.begin(), parts_->revoked.end(),
                       [&](ByteView serial) { return equal(serial, certificate.parts().serial); });
}

const Bytes& VendorCrl::der() const noexcept { return parts_->der; }

} // namespace teehost::kit
