// SPDX-License-Identifier: Apache-2.0
//
// Certificates and CRLs in the profile of makers of TEEs: refused, or OpenSSL reads the same in them. Input:
// DER.
#include <teehost/kit/vendor_x509.h>
#include <teehost/kit/x509.h>

#include "tests/fuzz/property.h"

namespace {

using namespace teehost;

template <class Read>
auto unlessCryptoError(Read&& read) -> std::optional<decltype(read())>
{
    try {
        return read();
    } catch (const kit::CryptoError& error) {
        fuzz::requirePrintable(error.what(), "a refusal can be shown");
        return std::nullopt;
    }
}

void compare(const kit::VendorCertificate& ours, kit::ByteView der)
{
    const auto theirs = unlessCryptoError([&] { return kit::Certificate::fromDer(der); });
    fuzz::require(theirs.has_value(), "OpenSSL reads what is taken for a certificate");
    fuzz::require(kit::equal(ours.der(), der), "a certificate is its bytes");
    fuzz::require(theirs->subjectCommonName() == ours.subjectCommonName() &&
                      theirs->issuerCommonName() == ours.issuerCommonName(),
                  "both read the same names");
    const kit::Validity a = theirs->validity(), b = ours.validity();
    fuzz::require(a.from == b.from && a.to == b.to, "both read the same times");
    fuzz::require(theirs->serial() == (ours.serial() == "00" ? "0" : ours.serial()),
                  "both read the same serial number");
    fuzz::require(kit::equal(theirs->publicKeyBits(), ours.publicKeyBits()), "both read the same key");
    fuzz::require(!ours.mayIssue() || theirs->mayIssue(), "no authority is made up");
    fuzz::require(!ours.isIssuedBy(ours) || theirs->isIssuedBy(*theirs), "no signature is made up");
}

void compare(const kit::VendorCrl& ours, kit::ByteView der)
{
    const auto theirs = unlessCryptoError([&] { return kit::Crl::fromDer(der); });
    fuzz::require(theirs.has_value(), "OpenSSL reads what is taken for a CRL");
    fuzz::require(theirs->revokedCount() == ours.revokedCount() &&
                      theirs->issuerCommonName() == ours.issuerCommonName() &&
                      theirs->validity().to == ours.validity().to,
                  "both read the same list");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const kit::ByteView der(data, size);
    const auto certificate = unlessCryptoError([&] { return kit::VendorCertificate::fromDer(der); });
    const auto crl = unlessCryptoError([&] { return kit::VendorCrl::fromDer(der); });
    fuzz::require(!certificate || !crl, "nothing is both a certificate and a CRL");
    if (certificate)
        compare(*certificate, der);
    if (crl)
        compare(*crl, der);
    return 0;
}
