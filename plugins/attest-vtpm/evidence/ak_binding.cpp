// SPDX-License-Identifier: Apache-2.0
#include "evidence/ak_binding.h"

#include <algorithm>

#include <teehost/kit/crypto_error.h>
#include <teehost/kit/input_error.h>

#include "evidence/checks.h"
#include "quote/certification.h"

namespace teehost::vtpm {
namespace {

using check_id::kAkBinding;
constexpr std::size_t kReportDataAt = 0x50, kReportDataSize = 64, kVmplAt = 0x30,
                      kVmplSize = 4; // SEV-SNP Firmware ABI, ATTESTATION_REPORT

bool accepts(const VerifyTerms& terms, AkBinding binding)
{
    const auto& list = terms.policy.akBindings;
    return std::find(list.begin(), list.end(), binding) != list.end();
}

kit::ByteView teeNonce(const VerifyTerms& terms)
{
    return terms.policy.teeNonce.empty() ? terms.nonce : kit::ByteView(terms.policy.teeNonce);
}

/// Whether the report's data is H(nonce || bound), with the nonce as it is or with zeros behind it to 64
/// bytes.
bool reportBinds(const SnpPart& snp, HashAlgorithm algorithm, kit::ByteView nonce, kit::ByteView bound)
{
    const auto data = kit::ByteView(snp.report).subspan(kReportDataAt, kReportDataSize);
    for (const std::size_t size : {nonce.size(), std::max(nonce.size(), kReportDataSize)}) {
        kit::Bytes input(nonce.begin(), nonce.end());
        input.resize(size);
        input.insert(input.end(), bound.begin(), bound.end());
        if (kit::equal(kit::hash(algorithm, input).view(), data))
            return true;
    }
    return false;
}

/// An SVSM's manifest is its vTPM's endorsement key, bound by a report of SEV-SNP (AMD 58019, section 7).
std::optional<Fault> manifestFault(const Evidence& evidence, const VerifyTerms& terms)
{
    try {
        if (auto fault = ekFault(TpmKey::parse(evidence.manifest)))
            return fault;
    } catch (const kit::InputError& e) {
        return Fault{e.reason(), std::string("the SVSM's manifest is no key: ") + e.what()};
    }
    // A guest can have a report with any data, but not at the SVSM's privilege.
    if (evidence.snp && !kit::isZero(kit::ByteView(evidence.snp->report).subspan(kVmplAt, kVmplSize)))
        return Fault{"vmpl", "the SEV-SNP report was not asked for by the SVSM, at VMPL 0"};
    if (!evidence.snp ||
        !reportBinds(*evidence.snp, HashAlgorithm::Sha2_512, teeNonce(terms), evidence.manifest))
        return Fault{"report_data", "the SEV-SNP report does not bind the SVSM's endorsement key"};
    return std::nullopt;
}

std::optional<Fault> certificateFault(const Evidence& evidence, const TpmKey& ak, const VerifyTerms& terms)
{
    try {
        const auto leaf = kit::readX509(evidence.akCertificate).certificates;
        if (leaf.size() != 1)
            return Fault{"ak_certificate", "one certificate of the attestation key is wanted"};
        std::vector<kit::Certificate> pool(terms.pool.begin(), terms.pool.end());
        for (const auto der : evidence.intermediates)
            pool.push_back(kit::Certificate::fromDer(der));
        return akCertificateFault(leaf.front(), ak, pool, terms.anchors, terms.at);
    } catch (const kit::CryptoError& e) {
        return Fault{"ak_certificate", e.what()};
    }
}

bool isPinned(const TpmKey& ak, const VerifyTerms& terms)
{
    const kit::Bytes name = ak.name();
    return std::any_of(terms.policy.akNames.begin(), terms.policy.akNames.end(),
                       [&](const auto& one) { return kit::equal(one, name); });
}

BindingResult bound(AkBinding binding, std::string message)
{
    return {kit::passed(kAkBinding, std::move(message)), binding};
}

/// Reasons that say nothing against the key: what would bind it is missing, or cannot be read.
bool isMissing(std::string_view reason, const VerifyTerms& terms)
{
    return reason == "ak_unbound" || reason == "ak_certificate" ||
           (reason == "untrusted_root" && terms.anchors.empty());
}

BindingResult unbound(std::string_view reason, std::string message, const VerifyTerms& terms)
{
    BindingResult out{isMissing(reason, terms) ? kit::unfit(kAkBinding, reason, std::move(message))
                                               : kit::failed(kAkBinding, reason, std::move(message)),
                      std::nullopt};
    for (const AkBinding one : terms.policy.akBindings)
        out.line.expected += (out.line.expected.empty() ? "" : " or ") + std::string(nameOf(one));
    out.line.hint = "give the authority that certifies the key as an anchor, or name the key (ak_names); a "
                    "policy with \"ak_binding\": [\"none\"] takes any key";
    return out;
}

} // namespace

/// Whether the keys of this evidence are those that answered the challenge, and the endorsement key is worth
/// something: its certificate is a check of its own.
std::optional<Fault> activationFault(const Evidence& evidence, const TpmKey& ak, const VerifyTerms& terms)
{
    if (!kit::equal(ak.name(), terms.policy.activatedAk))
        return Fault{"ak_ek", "another attestation key answered the challenge",
                     kit::toHex(terms.policy.activatedAk), kit::toHex(ak.name())};
    const kit::ByteView endorsement = evidence.manifest.empty() ? evidence.ekPublic : evidence.manifest;
    if (endorsement.empty() || (evidence.manifest.empty() && evidence.ekCertificate.empty()))
        return Fault{"ak_ek", "the evidence has no endorsement key, with a certificate, for the challenge"};
    try {
        if (!kit::equal(TpmKey::parse(endorsement).name(), terms.policy.activatedEk))
            return Fault{"ak_ek", "the challenge was made for another endorsement key"};
    } catch (const kit::InputError& e) {
        return Fault{e.reason(), e.what()};
    }
    return std::nullopt;
}

BindingResult checkBinding(const Evidence& evidence, const TpmKey& ak, const VerifyTerms& terms)
{
    if (!evidence.manifest.empty())
        if (const auto fault = manifestFault(evidence, terms))
            return unbound(fault->reason, fault->message, terms);
    const std::string name = kit::toHex(ak.name());
    if (!terms.policy.akNames.empty() && !isPinned(ak, terms)) {
        auto out = unbound("ak_pinned", "the attestation key is another than is known", terms);
        out.line.expected = kit::toHex(terms.policy.akNames.front());
        out.line.actual = name;
        return out;
    }
    if (accepts(terms, AkBinding::Activated) && !terms.policy.activatedAk.empty()) {
        if (const auto fault = activationFault(evidence, ak, terms))
            return unbound(fault->reason, fault->message, terms);
        return bound(AkBinding::Activated, "the attestation key answered a challenge together with the "
                                           "endorsement key: both are in one TPM");
    }
    if (accepts(terms, AkBinding::Pinned) && isPinned(ak, terms))
        return bound(AkBinding::Pinned, "the attestation key is the one that is known, " + name);
    if (!evidence.manifest.empty())
        return unbound("ak_unbound", "nothing ties the attestation key to the SVSM's endorsement key", terms);
    std::string why = "nothing says whose key signs";
    std::string_view reason = "ak_unbound";
    if (accepts(terms, AkBinding::AkCertificate) && !evidence.akCertificate.empty()) {
        const auto fault = certificateFault(evidence, ak, terms);
        if (!fault)
            return bound(AkBinding::AkCertificate, "the attestation key has a certificate that is trusted");
        reason = fault->reason;
        why = fault->message;
    }
    if (accepts(terms, AkBinding::GuestAsserted) && evidence.snp) {
        if (reportBinds(*evidence.snp, HashAlgorithm::Sha3_512, teeNonce(terms), ak.bytes))
            return bound(
                AkBinding::GuestAsserted,
                "the SEV-SNP report that came along, which is judged elsewhere, binds the key by the "
                "guest's word");
        reason = "report_data";
        why = "the SEV-SNP report does not bind the attestation key";
    }
    if (accepts(terms, AkBinding::None))
        return bound(AkBinding::None, "ak_unbound: any key is accepted, as the policy says");
    return unbound(reason, why, terms);
}

std::optional<kit::CheckLine> checkEkCertificate(const Evidence& evidence, const VerifyTerms& terms)
{
    using check_id::kEkCertificate;
    if (evidence.ekCertificate.empty()) {
        if (terms.policy.vmId.empty())
            return std::nullopt;
        return kit::unfit(kEkCertificate, "ek_missing",
                          "the policy names a VM, and there is no certificate of an endorsement key");
    }
    try {
        const auto certificate = EkCertificate::parse(evidence.ekCertificate);
        std::optional<TpmKey> ek;
        if (!evidence.ekPublic.empty())
            ek = TpmKey::parse(evidence.ekPublic);
        EkTerms ekTerms{terms.pool, terms.anchors, terms.at, ek ? &*ek : nullptr, terms.policy.vmId};
        auto fault = ekCertificateFault(certificate, ekTerms);
        if (!fault && ek)
            fault = ekFault(*ek);
        if (fault && fault->reason == "untrusted_root" && terms.anchors.empty())
            return kit::unfit(kEkCertificate, fault->reason, fault->message,
                              "give the authority that certifies endorsement keys as an anchor");
        if (fault)
            return kit::failed(kEkCertificate, *fault);
        return kit::passed(kEkCertificate, "the endorsement key is certified, for " + certificate.commonName);
    } catch (const kit::InputError& e) {
        return kit::unfit(kEkCertificate, e.reason(), e.what());
    } catch (const kit::CryptoError& e) {
        return kit::unfit(kEkCertificate, "ek_certificate", e.what());
    }
}

} // namespace teehost::vtpm
