// SPDX-License-Identifier: Apache-2.0
#include "report/verify.h"

#include <algorithm>
#include <array>

#include <teehost/kit/digest.h>
#include <teehost/kit/reader.h>

namespace teehost::sev_snp {
namespace {

using kit::failed, kit::passed, kit::skipped, kit::timeText, kit::undecided, kit::unfit;

/// One verification, check by check.
class Verification {
public:
    Verification(const Report& report, const ChainFacts& chain, const VerifyTerms& terms)
        : report_(report), chain_(chain), terms_(terms), line_(lineOf(report, &chain))
    {
    }

    [[nodiscard]] CheckLine chain() const
    {
        using check_id::kChain;
        if (chain_.signatures)
            return failed(kChain, *chain_.signatures);
        return passed(kChain, chain_.certificates[0].name + " is signed by " + chain_.certificates[1].name +
                                  ", that by " + chain_.certificates[2].name);
    }

    [[nodiscard]] CheckLine root() const
    {
        using check_id::kRoot;
        const std::string fingerprint = kit::toHex(chain_.root);
        if (std::find(terms_.roots.begin(), terms_.roots.end(), chain_.root) == terms_.roots.end()) {
            CheckLine line = failed(kRoot, "untrusted_root",
                                    chain_.certificates[2].name + " is not a root that is trusted here");
            line.hint = "give the root as an anchor if it is meant to be trusted";
            line.expected = "a root that is built in or given as an anchor";
            line.actual = "SHA-256 " + fingerprint;
            return line;
        }
        return passed(kRoot, chain_.certificates[2].name + " is trusted (SHA-256 " + fingerprint + ")");
    }

    [[nodiscard]] CheckLine validity() const
    {
        using check_id::kValidity;
        kit::UnixSeconds end = INT64_MAX;
        for (const auto& certificate : chain_.certificates) {
            if (!certificate.validity.covers(terms_.at)) {
                CheckLine line =
                    failed(kValidity, "validity",
                           "the certificate of " + certificate.name + " is valid from " +
                               timeText(certificate.validity.from) + " to " +
                               timeText(certificate.validity.to) + ", not at " + timeText(terms_.at));
                line.hint = "evidence that was stored is verified at the time it was collected (--at)";
                return line;
            }
            end = std::min(end, certificate.validity.to);
        }
        return passed(kValidity,
                      "all certificates are valid at " + timeText(terms_.at) + ", until " + timeText(end));
    }

    [[nodiscard]] CheckLine crl() const
    {
        using check_id::kCrl;
        if (terms_.crl == CrlMode::Off)
            return skipped(kCrl, "revocation is not looked at, as configured");
        if (chain_.unreadCrl) // it may be the one that revokes
            return undecided(kCrl, chain_.unreadCrl->reason,
                             "a CRL cannot be read: " + chain_.unreadCrl->message,
                             "give the CRL of the root as AMD's key distribution service has it");
        if (!chain_.crl && terms_.crl == CrlMode::Required)
            return undecided(kCrl, "crl_missing", "there is no CRL, and one is required",
                             "give the CRL of the root");
        if (!chain_.crl)
            return skipped(kCrl, "there is no CRL");
        // A CRL that cannot be used says nothing of the VM: who handed it over has to find a better one.
        if (chain_.crl->signature)
            return undecided(kCrl, chain_.crl->signature->reason,
                             "the CRL cannot be used: " + chain_.crl->signature->message,
                             "give the CRL of the root that the certificates end in");
        if (chain_.crl->revoked)
            return failed(kCrl, *chain_.crl->revoked);
        if (!chain_.crl->validity.covers(terms_.at))
            return undecided(kCrl, "crl_stale",
                             "the CRL is valid from " + timeText(chain_.crl->validity.from) + " to " +
                                 timeText(chain_.crl->validity.to) + ", not at " + timeText(terms_.at),
                             "give a CRL of that time; evidence that was stored is verified with the CRL of "
                             "its time (--at)");
        return passed(kCrl, "no certificate of the chain is revoked");
    }

    [[nodiscard]] CheckLine signer() const
    {
        using check_id::kSigner;
        if (!chain_.kind)
            return failed(kSigner, "signer_kind", "the certificate is neither of a VCEK nor of a VLEK");
        const SigningKey expected =
            chain_.kind == EndorsementKind::Vcek ? SigningKey::Vcek : SigningKey::Vlek;
        if (report_.signingKey() != expected)
            return failed(kSigner, "signer_kind",
                          "the report is signed by the " + signerName(report_.signingKey()) +
                              ", the certificate is of a " + std::string(nameOf(*chain_.kind)));
        return passed(kSigner, "report and certificate are of a " + std::string(nameOf(*chain_.kind)));
    }

    [[nodiscard]] CheckLine product() const
    {
        using check_id::kProduct;
        if (!line_)
            return unfit(kProduct, "product_mismatch",
                         "the report is of an unknown chip, family " + kit::hexNumber(report_.cpuid[0]) +
                             ", model " + kit::hexNumber(report_.cpuid[1]));
        const std::string name(nameOf(*line_));
        if (line_ == ProductLine::Turin && !report_.hasCpuid())
            return failed(kProduct, "product_mismatch", "Turin has no reports of version 2");
        if (chain_.line != line_)
            return failed(kProduct, "product_mismatch",
                          "the report is of " + name + ", the chain ends in " + chain_.certificates[2].name);
        if (chain_.endorsementFault && chain_.endorsementFault->reason != "chain_names")
            return failed(kProduct, *chain_.endorsementFault);
        if (!chain_.endorsement)
            return failed(kProduct, "ext_missing", "the endorsement certificate cannot be read");
        if (chain_.endorsement->line() != line_)
            return failed(kProduct, "product_mismatch",
                          "the report is of " + name + ", the endorsement certificate of \"" +
                              chain_.endorsement->productName + "\"");
        if ((chain_.endorsement->structVersion == 1) != (line_ == ProductLine::Turin))
            return failed(kProduct, "struct_version",
                          "certificates of " + name + " do not have structure version " +
                              std::to_string(chain_.endorsement->structVersion));
        return passed(kProduct, "report, certificate and root are of " + name);
    }

    [[nodiscard]] CheckLine tcb() const
    {
        using check_id::kTcb;
        if (!line_ || !chain_.endorsement)
            return skipped(kTcb, "the certificate does not say its TCB");
        const Tcb reported = Tcb::decode(report_.reportedTcb, *line_);
        const bool equal =
            reported == chain_.endorsement->tcb && reported.encode(*line_) == report_.reportedTcb;
        CheckLine line =
            equal ? passed(kTcb, "the key is of the TCB that the report shows")
                  : failed(kTcb, "tcb_mismatch", "the key is of another TCB than the report shows");
        line.expected = toText(chain_.endorsement->tcb, *line_);
        line.actual = toText(reported, *line_);
        if (!equal)
            line.hint = "fetch the certificate for REPORTED_TCB, which the host may hold below CURRENT_TCB";
        return line;
    }

    /// The platform can go back to COMMITTED_TCB at most, and reports at most what it runs; a report that
    /// says otherwise contradicts itself, though its signature may be right.
    [[nodiscard]] CheckLine tcbOrder() const
    {
        using check_id::kTcbOrder;
        if (!line_)
            return skipped(kTcbOrder, "the order of the TCB's components is not known for this chip");
        const Tcb current = Tcb::decode(report_.currentTcb, *line_);
        struct Floor {
            const char* name;
            Tcb tcb;
        };
        for (const Floor& floor : {Floor{"COMMITTED_TCB", Tcb::decode(report_.committedTcb, *line_)},
                                   Floor{"REPORTED_TCB", Tcb::decode(report_.reportedTcb, *line_)}}) {
            if (atLeast(current, floor.tcb))
                continue;
            CheckLine line{std::string(kTcbOrder), Outcome::Warn, "tcb_order",
                           std::string("CURRENT_TCB is below ") + floor.name + ", which contradicts itself",
                           "look at the firmware of the host; a policy with minimum_tcb says what is enough"};
            line.expected = "at least " + toText(floor.tcb, *line_);
            line.actual = toText(current, *line_);
            return line;
        }
        return passed(kTcbOrder, "CURRENT_TCB is at least COMMITTED_TCB and REPORTED_TCB");
    }

    [[nodiscard]] CheckLine chip() const
    {
        using check_id::kChip;
        if (!chain_.endorsement)
            return skipped(kChip, "the certificate does not say its chip");
        if (chain_.endorsement->kind == EndorsementKind::Vlek)
            return skipped(kChip,
                           "a VLEK belongs to a provider (" + chain_.endorsement->cspId + "), not to a chip");
        if (report_.chipIdMasked())
            return skipped(kChip, "the host masks the chip's id, so it cannot be compared");
        const kit::Bytes& hwid = chain_.endorsement->hwid;
        const kit::ByteView chipId(report_.chipId);
        const bool equal =
            kit::equal(chipId.first(hwid.size()), hwid) && kit::isZero(chipId.subspan(hwid.size()));
        CheckLine line =
            equal ? passed(kChip, "the key is of the chip that the report shows")
                  : failed(kChip, "hwid_mismatch", "the key is of another chip than the report shows");
        line.expected = kit::toHex(hwid);
        line.actual = kit::toHex(chipId.first(hwid.size()));
        return line;
    }

    [[nodiscard]] CheckLine signature() const
    {
        using check_id::kSignature;
        if (!chain_.key)
            return failed(kSignature, "signature", "the endorsement key is not an EC key on P-384");
        constexpr std::size_t kNumber = kit::sizeOf(kit::Curve::P384);
        const kit::ByteView r(report_.r), s(report_.s);
        const bool valid =
            kit::isZero(r.subspan(kNumber)) && kit::isZero(s.subspan(kNumber)) &&
            chain_.key->verifyEcdsa(kit::sha384(report_.signedPart()), kit::reversed(r.first(kNumber)),
                                    kit::reversed(s.first(kNumber)));
        return valid ? passed(kSignature, "the report is signed by the endorsement key")
                     : failed(kSignature, "signature", "the report is not signed by this endorsement key");
    }

private:
    static std::string signerName(SigningKey key)
    {
        return key == SigningKey::Vcek ? "VCEK" : key == SigningKey::Vlek ? "VLEK" : "unknown key";
    }

    const Report& report_;
    const ChainFacts& chain_;
    const VerifyTerms& terms_;
    std::optional<ProductLine> line_;
};

void addForm(const std::vector<FormFault>& faults, std::vector<CheckLine>& out)
{
    using check_id::kForm;
    if (faults.empty())
        return out.push_back(passed(kForm, "the report is well-formed"));
    // The meaning of another version's bytes is not known, so that they say nothing about the VM.
    CheckLine line = faults.front().reason == "version"
                         ? unfit(kForm, faults.front().reason, faults.front().message)
                         : failed(kForm, faults.front().reason, faults.front().message);
    for (std::size_t i = 1; i < faults.size(); ++i)
        line.message += "; " + faults[i].message;
    out.push_back(line);
}

constexpr std::array kAfterForm{check_id::kChain, check_id::kRoot,   check_id::kValidity,
                                check_id::kCrl,   check_id::kSigner, check_id::kProduct,
                                check_id::kTcb,   check_id::kChip,   check_id::kSignature};

} // namespace

std::optional<ProductLine> lineOf(const Report& report, const ChainFacts* chain) noexcept
{
    if (report.hasCpuid())
        return report.line();
    return chain == nullptr ? std::nullopt : chain->line;
}

std::vector<CheckLine> verifyReport(const Report& report, const ChainFacts* chain, const VerifyTerms& terms)
{
    std::vector<CheckLine> out;
    const auto faults = formFaults(report, terms.allowNewerVersion);
    addForm(faults, out);
    if (!faults.empty() && faults.front().reason == "version") {
        for (const auto id : kAfterForm)
            out.push_back(skipped(id, "the meaning of the report's bytes is not known"));
        return out;
    }
    if (chain == nullptr) {
        out.push_back(undecided(check_id::kChain, "collateral_missing", terms.missing,
                                "give VCEK or VLEK, ASK or ASVK, and ARK, or allow them to be fetched"));
        for (const auto id : std::span(kAfterForm).subspan(1))
            out.push_back(skipped(id, "there is no chain of certificates to look at"));
        return out;
    }
    const Verification verification(report, *chain, terms);
    out.insert(out.end(),
               {verification.chain(), verification.root(), verification.validity(), verification.crl(),
                verification.signer(), verification.product(), verification.tcb(), verification.tcbOrder(),
                verification.chip(), verification.signature()});
    return out;
}

} // namespace teehost::sev_snp
