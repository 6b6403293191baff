// SPDX-License-Identifier: Apache-2.0
//
// A quote with its certificates and collateral, all well unless a test makes one of them otherwise.
#pragma once

#include <string>
#include <vector>

#include <cppunit/extensions/HelperMacros.h>

#include "tdx/quote/appraisal.h"
#include "tdx/quote/verify.h"
#include "tdx_factory/collateral.h"
#include "tdx_factory/quotes.h"

namespace teehost::tdx::test {

using namespace tdx_factory;

inline const Hierarchy& hierarchy()
{
    static const Hierarchy kHierarchy;
    return kHierarchy;
}

inline Bytes bytesOf(std::string_view text) { return {text.begin(), text.end()}; }

struct Scene {
    Platform platform;
    CertificateTerms pckTerms = hierarchy().pckTerms();
    kit::Certificate issuer = hierarchy().issuer, root = hierarchy().root;
    QuoteTerms quoteTerms;

    Json info = tcbInfo(), identity = qeIdentity();
    kit::Certificate signer = hierarchy().signer;
    CrlTerms rootCrl = hierarchy().rootCrlTerms(), pckCrl = hierarchy().pckCrlTerms();

    std::vector<Anchor> anchors{Anchor::of(hierarchy().root)};
    kit::UnixSeconds at = kNow;
    CrlMode crl = CrlMode::Required;
    CollateralMode collateral = CollateralMode::Required;

    void usePlatform(const Platform& its)
    {
        platform = its;
        pckTerms = hierarchy().pckTerms(its);
    }
    [[nodiscard]] std::string chain() const
    {
        return pem(makeCertificate(pckTerms)) + pem(issuer) + pem(root);
    }
    [[nodiscard]] Bytes quote() const { return makeQuote(quoteTerms, hierarchy(), chain()); }
    [[nodiscard]] std::string tcbInfoText() const
    {
        return signedDocument("tcbInfo", info, hierarchy().signerKey);
    }
    [[nodiscard]] std::string qeIdentityText() const
    {
        return signedDocument("enclaveIdentity", identity, hierarchy().signerKey);
    }
    /// Everything, one blob a piece.
    [[nodiscard]] std::vector<Bytes> blobs() const
    {
        return {bytesOf(tcbInfoText()), bytesOf(qeIdentityText()),
                bytesOf(pem(signer) + pem(hierarchy().root)), makeCrl(rootCrl).der(), makeCrl(pckCrl).der()};
    }
    [[nodiscard]] static CollateralPool poolOf(const std::vector<Bytes>& blobs)
    {
        CollateralPool pool;
        for (const Bytes& blob : blobs)
            pool.add(blob);
        return pool;
    }
    [[nodiscard]] VerifyTerms terms() const { return {at, anchors, crl, collateral}; }

    [[nodiscard]] Verified verify(const Bytes& bytes, const std::vector<Bytes>& with) const
    {
        const Quote parsed = Quote::parse(bytes);
        const PckChain pck = PckChain::of(parsed.certificates);
        Verified out = verifyQuote(parsed, pck, Collateral::of(poolOf(with), &pck, anchors), terms());
        for (const kit::CheckLine& line : out.lines)
            CPPUNIT_ASSERT(!line.message.empty());
        return out;
    }
    [[nodiscard]] Verified verify() const { return verify(quote(), blobs()); }
    /// The reason of the first check that fails or cannot be decided; empty when all are well.
    [[nodiscard]] std::string reason(const Bytes& bytes, const std::vector<Bytes>& with) const
    {
        const Verified verified = verify(bytes, with);
        for (const kit::CheckLine& line : verified.lines)
            if (line.outcome == kit::Outcome::Fail || line.outcome == kit::Outcome::Error ||
                line.outcome == kit::Outcome::Unfit)
                return line.reason;
        return "";
    }
    [[nodiscard]] std::string reason() const { return reason(quote(), blobs()); }
};

/// Asserts that `scene` is refused, first of all, for `wanted`.
inline void expectReason(const std::string& wanted, const Scene& scene, const std::string& what)
{
    CPPUNIT_ASSERT_EQUAL_MESSAGE(what, wanted, scene.reason());
}

} // namespace teehost::tdx::test
