// SPDX-License-Identifier: Apache-2.0
//
// Certificates and CRLs of makers of TEEs out of files, in which others may stand too.
#include <algorithm>

#include "teehost/kit/pem.h"
#include "teehost/kit/vendor_x509.h"
#include "teehost/kit/x509.h"

namespace teehost::kit {
namespace {

void addCertificate(ByteView der, std::span<const VendorCertificate> known, VendorObjects& out)
{
    const auto it = std::find_if(known.begin(), known.end(),
                                 [&](const VendorCertificate& one) { return equal(one.der(), der); });
    if (it != known.end())
        return out.certificates.push_back(*it);
    try {
        out.certificates.push_back(VendorCertificate::fromDer(der));
    } catch (const CryptoError& e) {
        const Certificate other = Certificate::fromDer(der); // or it is broken
        out.others.push_back("the certificate of " + shownText(other.subjectCommonName()) + " is " +
                             e.what());
    }
}

void addCrl(ByteView der, VendorObjects& out)
{
    try {
        out.crls.push_back(VendorCrl::fromDer(der));
    } catch (const CryptoError& e) {
        const Crl other = Crl::fromDer(der);
        out.unreadCrls.push_back("the CRL of " + shownText(other.issuerCommonName()) + " is " + e.what());
    }
}

} // namespace

VendorObjects readVendorX509(ByteView file, std::span<const VendorCertificate> known)
{
    VendorObjects out;
    expectShort(file);
    if (looksLikePem(file)) {
        for (const X509Block& block : readX509Pem(file)) {
            if (block.kind == X509Kind::Certificate)
                addCertificate(block.der, known, out);
            else
                addCrl(block.der, out);
        }
        return out;
    }
    // A CRL is tried first: reading one as a certificate fails at once at its version, and no certificate is
    // a CRL.
    try {
        out.crls.push_back(VendorCrl::fromDer(file));
        return out;
    } catch (const CryptoError&) {
    }
    try {
        addCertificate(file, known, out);
    } catch (const CryptoError&) {
        try {
            addCrl(file, out);
        } catch (const CryptoError&) {
            throw CryptoError("neither a certificate nor a CRL, neither in PEM nor in DER");
        }
    }
    return out;
}

} // namespace teehost::kit
