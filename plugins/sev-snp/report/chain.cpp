// SPDX-License-Identifier: Apache-2.0
#include "report/chain.h"

#include "input_error.h"

namespace teehost::sev_snp {
namespace {

constexpr std::array kAmdRoots{
    kit::arrayOf<32>("69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd"), // ARK-Milan
    kit::arrayOf<32>("4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1"), // ARK-Genoa
    kit::arrayOf<32>("1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a"), // ARK-Turin
};

Fault wrongName(const std::string& what, const kit::VendorCertificate& certificate)
{
    return {"chain_names",
            "the " + what + " certificate has the name \"" + certificate.subjectCommonName() + "\""};
}

std::optional<Fault> algorithmFault(const kit::VendorCertificate& certificate)
{
    if (certificate.hasPssSha384Signature())
        return std::nullopt;
    return Fault{"chain_signature", "the certificate of " + certificate.subjectCommonName() +
                                        " is not signed with RSASSA-PSS and SHA-384"};
}

std::optional<Fault> notAChain(const std::string& why)
{
    return Fault{"chain_signature", "the certificates do not make a chain: " + why};
}

/// Says why those two, which are a chain, are not of one product line of AMD's.
std::optional<Fault> lineFault(const kit::VendorCertificate& intermediate, const kit::VendorCertificate& root)
{
    for (const auto* certificate : {&intermediate, &root})
        if (auto fault = algorithmFault(*certificate))
            return fault;
    const auto line = lineOfRoot(root);
    if (!line)
        return wrongName("root", root);
    const std::string name = intermediate.subjectCommonName(), its(nameOf(*line));
    if (name != "SEV-" + its && name != "SEV-VLEK-" + its)
        return wrongName("intermediate", intermediate);
    return std::nullopt;
}

/// Of all three; names last.
std::optional<Fault> chainFault(const EndorsementChain& chain)
{
    if (const auto fault =
            kit::chainFault(chain.vek, std::span(&chain.intermediate, 1), chain.root, kAmdRoots))
        return notAChain(*fault);
    if (auto fault = algorithmFault(chain.vek))
        return fault;
    if (auto fault = lineFault(chain.intermediate, chain.root))
        return fault;
    const bool isVlek = chain.intermediate.subjectCommonName().starts_with("SEV-VLEK-");
    if (chain.vek.subjectCommonName() != (isVlek ? "SEV-VLEK" : "SEV-VCEK"))
        return wrongName("endorsement", chain.vek);
    return std::nullopt;
}

ChainFacts::CrlFacts crlFacts(std::span<const kit::VendorCrl> crls, const EndorsementChain& chain)
{
    ChainFacts::CrlFacts facts;
    facts.signature = Fault{"crl_signature", "the CRL is not signed by " + chain.root.subjectCommonName()};
    for (const kit::VendorCrl& crl : crls) {
        if (!crl.isSignedBy(chain.root))
            continue;
        if (facts.signature || crl.validity().from > facts.validity.from)
            facts.validity = crl.validity();
        facts.signature.reset();
        for (const auto* certificate : {&chain.intermediate, &chain.root})
            if (crl.revokes(*certificate))
                facts.revoked = Fault{"revoked", "the certificate of " + certificate->subjectCommonName() +
                                                     " is revoked (serial " + certificate->serial() + ")"};
    }
    return facts;
}

} // namespace

std::span<const kit::Sha256Digest> amdRoots() noexcept { return kAmdRoots; }

std::optional<ProductLine> lineOfRoot(const kit::VendorCertificate& root)
{
    const std::string name = root.subjectCommonName();
    return name.starts_with("ARK-") ? lineNamed(std::string_view(name).substr(4)) : std::nullopt;
}

std::optional<Fault> issuersFault(const kit::VendorCertificate& intermediate,
                                  const kit::VendorCertificate& root)
{
    if (const auto fault = kit::chainFault(intermediate, {}, root, kAmdRoots))
        return notAChain(*fault);
    return lineFault(intermediate, root);
}

ChainFacts ChainFacts::of(const EndorsementChain& chain, std::span<const kit::VendorCrl> crls)
{
    ChainFacts facts;
    facts.root = chain.root.fingerprint();
    std::size_t at = 0;
    for (const auto* certificate : {&chain.vek, &chain.intermediate, &chain.root})
        facts.certificates[at++] = {certificate->subjectCommonName(), certificate->validity()};
    facts.line = lineOfRoot(chain.root);
    try {
        facts.kind = kindOf(chain.vek);
        facts.endorsement = Endorsement::parse(chain.vek);
    } catch (const InputError& e) {
        facts.endorsementFault = Fault{e.reason(), e.what()};
    }
    facts.signatures = chainFault(chain);
    facts.key = chain.vek.keyOn(kit::Curve::P384);
    if (!crls.empty())
        facts.crl = crlFacts(crls, chain);
    return facts;
}

} // namespace teehost::sev_snp
