// SPDX-License-Identifier: Apache-2.0
#include "vendor_parts.h"

#include <algorithm>

namespace teehost::kit::vendor {
namespace {

constexpr std::uint64_t kVersion3 = 2, kCrlVersion2 = 1; // RFC 5280, 4.1.2.1 and 5.1.2.1
constexpr std::uint8_t kVersionTag = 0xa0, kCertificateExtensions = 0xa3, kCrlExtensions = 0xa0,
                       kSequence = 0x30, kInteger = 0x02;

/// The three parts that certificates and CRLs consist of (4.1.1, 5.1.1).
struct Signed {
    ByteView tbs, algorithm, signature;
};

Signed readSigned(DerReader in)
{
    DerReader all = in.sequence();
    const Signed out{all.whole(), all.whole(), all.wholeBits()};
    all.expectDone();
    in.expectDone();
    return out;
}

/// The algorithm inside of what is signed, which must be the one outside (4.1.2.3, 5.1.2.2).
Signature readAlgorithm(DerReader& tbs, const Signed& all)
{
    const ByteView inner = readAlgorithmId(tbs);
    if (!equal(inner, all.algorithm))
        tbs.fail("a signature algorithm that is another than the one outside ends");
    return signatureOf(inner);
}

bool hasCriticalOne(const std::vector<Extension>& extensions)
{
    return std::any_of(extensions.begin(), extensions.end(), [](const Extension& e) { return e.critical; });
}

} // namespace

CertificateParts::CertificateParts(ByteView from) : der(from.begin(), from.end())
{
    const Signed all = readSigned(DerReader(der, "certificate"));
    tbs = all.tbs;
    signature = all.signature;
    DerReader outer(tbs, "signed part of a certificate");
    DerReader in = outer.sequence();
    DerReader version = in.constructed(kVersionTag);
    if (version.integer(kVersion3) != kVersion3)
        version.fail("another version than 3 ends");
    version.expectDone();
    serial = readSerial(in);
    algorithm = readAlgorithm(in, all);
    issuer = readName(in);
    validity = readValidity(in);
    subject = readName(in);
    key = readKey(in);
    if (!in.done()) { // unique identifiers would stand here, and are not understood
        DerReader wrapped = in.constructed(kCertificateExtensions);
        extensions = readExtensions(wrapped);
        wrapped.expectDone();
    }
    in.expectDone();
    constraints = constraintsOf(extensions);
}

CrlParts::CrlParts(ByteView from) : der(from.begin(), from.end())
{
    const Signed all = readSigned(DerReader(der, "CRL"));
    tbs = all.tbs;
    signature = all.signature;
    DerReader outer(tbs, "signed part of a CRL");
    DerReader in = outer.sequence();
    const bool isVersion2 = in.nextIs(kInteger); // the first version does not say it, and has no extensions
    if (isVersion2 && in.integer(kCrlVersion2) != kCrlVersion2)
        in.fail("another version than 2 ends");
    algorithm = readAlgorithm(in, all);
    issuer = readName(in);
    validity.from = readTime(in);
    validity.to = readTime(in); // which a CRL must have (5.1.2.5)
    if (in.nextIs(kSequence))
        for (DerReader list = in.sequence(); !list.done();) {
            DerReader entry = list.sequence();
            revoked.push_back(readSerial(entry));
            static_cast<void>(readTime(entry));
            if (isVersion2 && !entry.done())
                hasCritical = hasCriticalOne(readExtensions(entry)) || hasCritical;
            entry.expectDone();
        }
    if (isVersion2 && !in.done()) {
        DerReader wrapped = in.constructed(kCrlExtensions);
        const auto extensions = readExtensions(wrapped);
        wrapped.expectDone();
        authorityKeyId = authorityKeyIdOf(extensions);
        hasCritical = hasCriticalOne(extensions) || hasCritical;
    }
    in.expectDone();
}

} // namespace teehost::kit::vendor
