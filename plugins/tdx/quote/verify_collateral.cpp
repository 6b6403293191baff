// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "tdx/quote/checks.h"
#include "tdx/quote/verify.h"

namespace teehost::tdx {
namespace {

using kit::CheckLine, kit::failed, kit::passed, kit::skipped, kit::timeText, kit::undecided;

constexpr std::string_view kMissing = "COLLATERAL_MISSING";
constexpr const char* kHint = "give TCB info, QE identity and CRLs of the platform, with the chains of who "
                              "signed them, or allow them to be fetched";

/// How the two kinds of documents, and those of CRLs, are named in checks.
struct Words {
    std::string_view name, future, expired;
};
constexpr Words kTcbInfoWords{"TCB info", "TCB_INFO_FUTURE", "TCB_INFO_EXPIRED"};
constexpr Words kQeIdentityWords{"QE identity", "QE_IDENTITY_FUTURE", "QE_IDENTITY_EXPIRED"};
constexpr Words kRootCrlWords{"root's CRL", "ROOT_CRL_FUTURE", "ROOT_CRL_EXPIRED"};
constexpr Words kPckCrlWords{"CRL of PCK certificates", "PCK_CRL_FUTURE", "PCK_CRL_EXPIRED"};
constexpr Words kSignerWords{"signer's certificate", "CERT_NOT_YET_VALID", "CERT_EXPIRED"};

CheckLine missing(std::string_view id, std::string_view reason, const std::string& what,
                  const VerifyTerms& terms)
{
    const std::string why = terms.troubles.empty() ? "" : ": " + terms.troubles;
    return undecided(id, reason, "could not be judged: " + what + why, kHint);
}

/// A line that cannot be decided when `at` is outside; else nothing. Old collateral says nothing of the TD:
/// who handed it over, or the clock that was asked, is wrong.
std::optional<CheckLine> stale(std::string_view id, const Words& words, const std::string& name,
                               const kit::Validity& validity, kit::UnixSeconds at)
{
    if (validity.covers(at))
        return std::nullopt;
    return undecided(id, at < validity.from ? words.future : words.expired,
                     "the " + name + " is valid from " + timeText(validity.from) + " to " +
                         timeText(validity.to) + ", not at " + timeText(at),
                     "evidence that was stored is verified with the collateral of its time, at that time "
                     "(--at)");
}

template <class Content>
CheckLine document(std::string_view id, const Document<Content>& its, const Words& words,
                   const VerifyTerms& terms)
{
    const std::string name(words.name);
    if (!its.given)
        return missing(id, kMissing, "there is no " + name, terms);
    if (its.fault && its.fault->reason == kMissing)
        return missing(id, kMissing, its.fault->message, terms);
    if (its.fault) // it is not what Intel wrote, which says nothing of the TD
        return undecided(id, its.fault->reason, its.fault->message);
    return passed(id, "the " + name + " is signed by Intel, evaluation data number " +
                          std::to_string(its.content->evaluationDataNumber));
}

CheckLine fresh(const Collateral& collateral, const VerifyTerms& terms)
{
    using check_id::kFresh;
    for (const auto& signer : collateral.signers)
        if (auto line =
                stale(kFresh, kSignerWords, "certificate of " + signer.name, signer.validity, terms.at))
            return *std::move(line);
    const auto& info = collateral.tcbInfo.content;
    const auto& identity = collateral.qeIdentity.content;
    if (info)
        if (auto line = stale(kFresh, kTcbInfoWords, "TCB info", info->validity, terms.at))
            return *std::move(line);
    if (identity)
        if (auto line = stale(kFresh, kQeIdentityWords, "QE identity", identity->validity, terms.at))
            return *std::move(line);
    if (!info || !identity)
        return skipped(kFresh, "there is no TCB info or no QE identity that can be relied on");
    if (info->evaluationDataNumber != identity->evaluationDataNumber)
        return {std::string(kFresh),
                kit::Outcome::Warn,
                {},
                "TCB info and QE identity are not of one evaluation: " +
                    std::to_string(info->evaluationDataNumber) + " and " +
                    std::to_string(identity->evaluationDataNumber),
                "fetch both at one time"};
    return passed(kFresh, "TCB info and QE identity are valid at " + timeText(terms.at));
}

struct NamedCrl {
    const CrlFacts& facts;
    const Words& words;
    std::string_view badSignature;
};

} // namespace

CheckLine verifyCrls(const Collateral& collateral, const VerifyTerms& terms)
{
    using check_id::kCrl;
    if (terms.crl == CrlMode::Off)
        return skipped(kCrl, "revocation is not looked at, as configured");
    const std::array crls{NamedCrl{collateral.rootCrl, kRootCrlWords, "ROOT_CRL_SIG"},
                          NamedCrl{collateral.pckCrl, kPckCrlWords, "PCK_CRL_SIG"}};
    if (collateral.revoked)
        return failed(kCrl, *collateral.revoked);
    std::string absent;
    // An unread CRL counts against each issuer: its name may be the part that cannot be read.
    const bool isOneUnread = !collateral.unreadCrl.empty();
    for (const NamedCrl& crl : crls) {
        const std::string name(crl.words.name);
        if (isOneUnread && !crl.facts.isSigned) // it may be the one that revokes
            return undecided(kCrl, "CRL_UNREADABLE",
                             "a CRL cannot be read, and no other is the " + name + ": " +
                                 collateral.unreadCrl,
                             "give the CRLs as Intel's service has them");
        if (!crl.facts.given) {
            absent += (absent.empty() ? "there is no " : " and no ") + name;
            continue;
        }
        if (!crl.facts.isSigned)
            return undecided(kCrl, crl.badSignature,
                             "the " + name + " is not signed by its issuer in the chain");
        if (auto line = stale(kCrl, crl.words, name, crl.facts.validity, terms.at))
            return *std::move(line);
    }
    if (absent.empty())
        return passed(kCrl, "no certificate is revoked");
    return terms.crl == CrlMode::Required ? missing(kCrl, "CRL_MISSING", absent, terms)
                                          : skipped(kCrl, absent);
}

std::vector<CheckLine> verifyCollateral(const Collateral& collateral, const VerifyTerms& terms)
{
    using namespace check_id;
    if (terms.collateral == CollateralMode::Off) {
        std::vector<CheckLine> out;
        for (const auto id : {kTcbInfo, kQeIdentity, kFresh})
            out.push_back(skipped(id, "collateral is not looked at, as the policy says"));
        return out;
    }
    return {document(kTcbInfo, collateral.tcbInfo, kTcbInfoWords, terms),
            document(kQeIdentity, collateral.qeIdentity, kQeIdentityWords, terms), fresh(collateral, terms)};
}

} // namespace teehost::tdx
