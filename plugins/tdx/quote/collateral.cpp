// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/collateral.h"

#include <algorithm>

#include <teehost/kit/input_error.h>

namespace teehost::tdx {
namespace {

using kit::Fault;
using Certificate = kit::VendorCertificate;

/// How the two kinds of documents differ.
struct DocumentWords {
    const char* name;
    std::string_view badSignature;
};

class SetReader {
public:
    SetReader(const CollateralPool& pool, const PckChain* chain, std::span<const Anchor> anchors)
        : pool_(pool), chain_(chain != nullptr && chain->isWhole() ? chain : nullptr), anchors_(anchors),
          root_(findRoot())
    {
    }

    Collateral run()
    {
        read(pool_.tcbInfo(), out_.tcbInfo, {"TCB info", "TCB_INFO_SIG"});
        read(pool_.qeIdentity(), out_.qeIdentity, {"QE identity", "QE_IDENTITY_SIG"});
        if (root_.certificate != nullptr)
            out_.rootCrl = crlOf(*root_.certificate, rootRevokes());
        if (const Certificate* issuer = pckIssuer())
            out_.pckCrl = crlOf(*issuer, pckRevokes());
        else
            out_.pckCrl = unsignedCrl();
        if (!pool_.unreadCrls().empty())
            out_.unreadCrl = pool_.unreadCrls().front();
        return std::move(out_);
    }

private:
    struct Root {
        const Certificate* certificate = nullptr;
        bool trusted = false;
    };
    /// The quote's own, or of those in the set one that is trusted, if there is.
    [[nodiscard]] Root findRoot() const
    {
        if (chain_ != nullptr && isTrusted(chain_->rootId, anchors_))
            return {&chain_->root(), true};
        Root out;
        if (chain_ != nullptr)
            out.certificate = &chain_->root();
        for (const Certificate* one : pool_.named(subject::kRoot)) {
            if (isTrusted(Anchor::of(*one), anchors_))
                return {one, true};
            if (out.certificate == nullptr)
                out.certificate = one;
        }
        return out;
    }

    template <class Content>
    void read(const std::optional<SignedJson>& given, Document<Content>& out, const DocumentWords& words)
    {
        if (!given)
            return;
        out.given = true;
        out.signedDigest = kit::sha256(kit::viewOf(given->signedPart()));
        out.fault = signerFault(*given, out.signedDigest, words);
        if (out.fault)
            return;
        try {
            out.content = Content::parse(given->signedPart());
        } catch (const kit::InputError& e) {
            out.fault = Fault{e.reason(), e.what()};
        }
    }

    /// Chain first, then the signature.
    std::optional<Fault> signerFault(const SignedJson& document, const kit::Sha256Digest& digest,
                                     const DocumentWords& words)
    {
        const auto signers = pool_.named(subject::kTcbSigning);
        if (signers.empty() || root_.certificate == nullptr)
            return Fault{"COLLATERAL_MISSING",
                         "the certificates of who signed the " + std::string(words.name) + " are missing" +
                             (pool_.others().empty() ? "" : "; " + pool_.others().front())};
        std::optional<Fault> first;
        for (const Certificate* signer : signers) { // one that has expired may be there beside its successor
            auto fault = chainFaultOf(*signer);
            if (!fault && !isSignedBy(*signer, document, digest))
                fault = Fault{words.badSignature, "the " + std::string(words.name) + " is not signed by " +
                                                      std::string(subject::kTcbSigning)};
            if (!fault) {
                addSigner(*signer);
                return std::nullopt;
            }
            if (!first)
                first = std::move(fault);
        }
        return first;
    }

    std::optional<Fault> chainFaultOf(const Certificate& signer)
    {
        if (std::find(good_.begin(), good_.end(), &signer) != good_.end())
            return std::nullopt; // it signed the other document too
        const Certificate& root = *root_.certificate;
        if (!root_.trusted)
            return Fault{"ROOT_UNTRUSTED", "the collateral is signed under a root that is not trusted here"};
        // The root of the quote's own chain has been looked at, together with its signature by itself.
        const bool rootIsChecked = chain_ != nullptr && &root == &chain_->root() && !chain_->signatures;
        auto fault = rootIsChecked && signer.hasEcdsaSha256Signature() && signer.isIssuedBy(root)
                         ? std::nullopt
                         : chainFault({signer, root});
        if (!fault)
            good_.push_back(&signer);
        return fault;
    }

    static bool isSignedBy(const Certificate& signer, const SignedJson& document,
                           const kit::Sha256Digest& digest)
    {
        const kit::ByteView signature(document.signature());
        const auto key = signer.keyOn(kit::Curve::P256);
        return !signature.empty() && key &&
               key->verifyEcdsa(digest, signature.first(32), signature.subspan(32));
    }

    void addSigner(const Certificate& signer)
    {
        if (std::find(signers_.begin(), signers_.end(), &signer) != signers_.end())
            return;
        signers_.push_back(&signer);
        for (const Certificate* one : {&signer, root_.certificate})
            out_.signers.push_back(validityOf(*one));
    }

    /// What the root's CRL can revoke, and what that of the PCK's issuer.
    [[nodiscard]] std::vector<const Certificate*> rootRevokes() const
    {
        std::vector<const Certificate*> out = signers_;
        if (chain_ != nullptr)
            out.insert(out.begin(), &chain_->issuer());
        return out;
    }
    [[nodiscard]] std::vector<const Certificate*> pckRevokes() const
    {
        if (chain_ == nullptr)
            return {};
        return {&chain_->pck()};
    }

    /// With several CRLs of an issuer the newest says until when they count, and each can revoke.
    CrlFacts crlOf(const Certificate& issuer, const std::vector<const Certificate*>& revocable)
    {
        CrlFacts facts;
        for (const kit::VendorCrl& crl : pool_.crls()) {
            if (crl.issuerCommonName() != issuer.subjectCommonName())
                continue;
            const bool isSigned = crl.isSignedBy(issuer);
            if (!facts.given || (isSigned && !facts.isSigned) ||
                (isSigned && crl.validity().from > facts.validity.from))
                facts = {true, isSigned, crl.validity(), crl.revokedCount()};
            for (const Certificate* one : revocable)
                if (isSigned && !out_.revoked && crl.revokes(*one))
                    out_.revoked =
                        Fault{"REVOKED", "the certificate of " + kit::shownText(one->subjectCommonName()) +
                                             " is revoked (serial " + one->serial() + ")"};
        }
        return facts;
    }

    /// Of the PCK's issuer, when nobody says whose quote it is about: the certificate in the set, if it is
    /// one of Intel's.
    [[nodiscard]] const Certificate* pckIssuer() const
    {
        if (chain_ != nullptr)
            return &chain_->issuer();
        for (const auto name : {subject::kPlatformCa, subject::kProcessorCa})
            for (const Certificate* one : pool_.named(name))
                if (root_.trusted && !chainFault({*one, *root_.certificate}))
                    return one;
        return nullptr;
    }
    [[nodiscard]] CrlFacts unsignedCrl() const
    {
        for (const kit::VendorCrl& crl : pool_.crls())
            if (const auto name = crl.issuerCommonName();
                name == subject::kPlatformCa || name == subject::kProcessorCa)
                return {true, false, crl.validity(), crl.revokedCount()};
        return {};
    }

    const CollateralPool& pool_;
    const PckChain* chain_;
    std::span<const Anchor> anchors_;
    Root root_;
    std::vector<const Certificate*> good_, signers_;
    Collateral out_;
};

} // namespace

Collateral Collateral::of(const CollateralPool& pool, const PckChain* chain, std::span<const Anchor> anchors)
{
    return SetReader(pool, chain, anchors).run();
}

kit::Validity Collateral::window() const
{
    kit::Validity all{INT64_MIN, INT64_MAX};
    const auto narrow = [&all](const kit::Validity& one) {
        all.from = std::max(all.from, one.from);
        all.to = std::min(all.to, one.to);
    };
    if (tcbInfo.content)
        narrow(tcbInfo.content->validity);
    if (qeIdentity.content)
        narrow(qeIdentity.content->validity);
    for (const NamedValidity& signer : signers)
        narrow(signer.validity);
    for (const CrlFacts* crl : {&rootCrl, &pckCrl})
        if (crl->given)
            narrow(crl->validity);
    return all;
}

} // namespace teehost::tdx
