// SPDX-License-Identifier: Apache-2.0
//
// Chains of three certificates in the profile of Intel's or AMD's, each to be changed before it is signed.
#pragma once

#include <array>
#include <vector>

#include <teehost/kit/vendor_x509.h>

#include "x509_factory/raw_object.h"

namespace teehost::kit::test::vendor_chains {

using namespace x509_factory;

enum class Maker { Intel, Amd };

/// Made once: it takes the time.
struct Keys {
    explicit Keys(Maker maker)
        : root(maker == Maker::Amd ? makeRsaKey() : makeEcKey("P-256")),
          issuer(maker == Maker::Amd ? makeRsaKey() : makeEcKey("P-256")),
          leaf(makeEcKey(maker == Maker::Amd ? "P-384" : "P-256"))
    {
    }
    static const Keys& of(Maker maker)
    {
        static const Keys kIntel(Maker::Intel), kAmd(Maker::Amd);
        return maker == Maker::Amd ? kAmd : kIntel;
    }
    Key root, issuer, leaf;
};

struct Chain {
    explicit Chain(Maker maker)
        : rootKey(Keys::of(maker).root), issuerKey(Keys::of(maker).issuer), leafKey(Keys::of(maker).leaf),
          root(made({"the root", "the root", rootKey, rootKey, true, true, 1})),
          issuer(made({"the issuer", "the root", issuerKey, rootKey, true, true, 2}))
    {
        CertificateTerms terms{"the leaf", "the issuer", leafKey, issuerKey, false, true, 3};
        terms.extensions = {{"1.2.840.113741.1.13.1", {0x30, 0}}};
        leaf = made(terms);
    }
    static RawObject made(const CertificateTerms& terms)
    {
        return RawObject::of(makeCertificate(terms).der());
    }

    /// Leaf first, each signed by its issuer.
    [[nodiscard]] std::vector<Bytes> ders() const
    {
        return {leaf.signedBy(issuerKey), issuer.signedBy(rootKey), root.signedBy(rootKey)};
    }

    Key rootKey, issuerKey, leafKey;
    RawObject root, issuer, leaf;
};

/// Says why these three are not a chain, or one cannot be read; empty when all is well.
inline std::string faultOf(const std::vector<Bytes>& ders)
{
    try {
        std::vector<VendorCertificate> c;
        for (const Bytes& der : ders)
            c.push_back(VendorCertificate::fromDer(der));
        return chainFault(c[0], std::span(&c[1], 1), c[2]).value_or("");
    } catch (const CryptoError& e) {
        return e.what();
    }
}
inline std::string faultOf(const Chain& chain) { return faultOf(chain.ders()); }

} // namespace teehost::kit::test::vendor_chains
