// SPDX-License-Identifier: Apache-2.0
//
// A verification from evidence to checks: find the collateral, work out what it is worth, judge the quote.
#include "tdx/quote/verify_plugin.h"

#include <algorithm>
#include <array>
#include <string>

#include <teehost/kit/input_error.h>
#include <teehost/kit/tell_checks.h>
#include <teehost/kit/verify_request.h>

#include "tdx/quote/appraisal.h"
#include "tdx/quote/checks.h"
#include "tdx/quote/claims.h"
#include "tdx/quote/pcs.h"

namespace teehost::tdx {
namespace {

using kit::CheckLine, kit::InputError;

constexpr std::int64_t kNanoseconds = 1'000'000'000;

CrlMode crlMode(const Policy& policy, std::string_view option)
{
    if (policy.crl)
        return *policy.crl;
    if (policy.collateral == CollateralMode::Off)
        return CrlMode::Off; // a CRL is collateral
    return option == "off" ? CrlMode::Off : option == "if-present" ? CrlMode::IfPresent : CrlMode::Required;
}

std::vector<Anchor> anchorsOf(const sdk::VerifyRequest& request)
{
    if (request.anchors.empty())
        return {intelRoots().begin(), intelRoots().end()};
    std::vector<Anchor> anchors;
    try {
        for (const auto& blob : request.anchors)
            for (const auto& certificate : kit::readX509(blob.data).certificates)
                anchors.push_back(Anchor::of(certificate));
    } catch (const std::runtime_error& e) { // of the input, or of OpenSSL
        throw sdk::Error(TH_INVALID_ARGUMENT,
                         std::string("a root given as an anchor cannot be read: ") + e.what(),
                         "give certificates, PEM or DER");
    }
    if (anchors.empty())
        throw sdk::Error(TH_INVALID_ARGUMENT, "what is given as an anchor holds no certificate",
                         "give the root's certificate, PEM or DER");
    return anchors;
}

/// For people who look a failure up by its code.
std::string withCode(std::string message, std::string_view reason)
{
    return reason.empty() ? message : std::move(message) + " (" + std::string(reason) + ")";
}

/// What to do about a reason, or about those that begin so.
struct Remedy {
    std::string_view reason, hint;
};
constexpr std::string_view kForged = "ask the guest for another quote, over a fresh nonce",
                           kNotIntels = "nothing that this host says of its TDs can be relied on",
                           kFetchAgain = "fetch it again; it must be byte for byte what Intel's service sent";
constexpr std::array kRemedies{
    Remedy{"TCB_NOT_SUPPORTED", "update BIOS and microcode of the host: Intel rates no TCB that is as low"},
    Remedy{"TCB_REVOKED", "update BIOS, microcode and TDX module of the host; no policy accepts this TCB"},
    Remedy{"TD_ATTRIBUTES",
           "start the TD without them, or list its attributes in the policy (td_attributes)"},
    Remedy{
        "SEPT_VE_DISABLE",
        "start the TD with tdx.sept_ve_disable = true; a policy with \"sept_ve_disable\": \"ignore\" takes "
        "guests that can bear it"},
    Remedy{"MIGRATABLE",
           "start the TD without the attribute; a policy with \"migratable\": \"allow\" takes it"},
    Remedy{"SERVICE_TD", "start the TD without a service TD, or name that in the policy (mr_service_td)"},
    Remedy{"XFAM", "start the TD with fewer features, or list its XFAM in the policy (xfam)"},
    Remedy{"FMSPC", "give the TCB info that Intel's service has for the FMSPC that is expected"},
    Remedy{"PCEID", "give the TCB info of this platform"},
    Remedy{"REVOKED", kNotIntels},
    Remedy{"QUOTE_SIG", kForged},
    Remedy{"QE_REPORT", kForged},
    Remedy{"QE_TCB_NOT_SUPPORTED", "update the quoting enclave (Intel's DCAP packages) on the host"},
    Remedy{"QE_IDENTITY_SIG", kFetchAgain},
    Remedy{"TCB_INFO_SIG", kFetchAgain},
    Remedy{"PCK_CRL_SIG", kFetchAgain},
    Remedy{"ROOT_CRL_SIG", kFetchAgain},
    Remedy{"QE_MISC", kNotIntels},
    Remedy{"QE_ATTR", kNotIntels},
    Remedy{"QE_MRSIGNER", kNotIntels},
    Remedy{"QE_PRODID", kNotIntels},
};

void addHint(CheckLine& line)
{
    const auto it = std::find_if(kRemedies.begin(), kRemedies.end(),
                                 [&](const Remedy& r) { return line.reason.starts_with(r.reason); });
    if (line.hint.empty() && it != kRemedies.end())
        line.hint = it->hint;
}

std::vector<CheckLine> appraise(const Quote& quote, const TcbVerdict* tcb, const Policy& policy,
                                const sdk::VerifyRequest& request, kit::UnixSeconds at)
{
    std::vector<CheckLine> out = appraiseDefaults(quote.body, tcb, policy, at);
    for (CheckLine& line : appraiseRequest(quote.body, policy, request))
        out.push_back(std::move(line));
    if (request.policyJson.empty())
        return out;
    std::vector<CheckLine> rules = appraisePolicy(quote, tcb, policy);
    if (rules.empty())
        rules.push_back(kit::passed(std::string(check_id::kPolicyPrefix) + "rules",
                                    "the policy has no rule of its own that a quote can break"));
    for (CheckLine& line : rules)
        out.push_back(std::move(line));
    return out;
}

} // namespace

int QuoteVerifier::recognise(const sdk::Blob& blob)
{
    if (!blob.kind.empty() && blob.kind != "tdx.quote")
        return 0;
    return looksLikeQuote(blob.data);
}

/// Reads the quote's own certificates, which its maker chose. Throws InputError CHAIN_FORMAT when one is
/// broken.
static std::shared_ptr<const PckChain> chainOf(const Quote& quote)
{
    try {
        return std::make_shared<const PckChain>(PckChain::of(quote.certificates));
    } catch (const kit::CryptoError& e) {
        throw InputError("CHAIN_FORMAT",
                         std::string("a certificate in the quote cannot be read: ") + e.what());
    }
}

QuoteVerifier::Found QuoteVerifier::find(sdk::Call call, const sdk::VerifyRequest& request,
                                         const Quote& quote, const Policy& policy, CrlMode crl)
{
    Found out;
    out.anchors = anchorsOf(request);
    const auto chainKey = kit::sha256(quote.certificates);
    out.chain = chains_.find(chainKey);
    if (!out.chain) {
        out.chain = chainOf(quote);
        chains_.keep(chainKey, out.chain);
    }
    try {
        kit::ContentKey key;
        key.add(chainKey);
        for (const auto& blob : request.anchors)
            key.add(blob.data);
        CollateralFinder finder(call, *out.chain, out.anchors, collateral_,
                                {std::string(call.text("pcs_url")), crl, policy.collateral,
                                 request.offline ? kit::Network::Offline : kit::Network::Allowed,
                                 call.canFetch()});
        out.collateral = finder.find(key.finish(), request.collateral);
        out.troubles = finder.troubles();
        return out;
    } catch (const InputError& e) {
        throw sdk::Error(
            TH_INVALID_ARGUMENT, std::string("the collateral given cannot be read: ") + e.what(),
            "give certificates and CRLs as PEM or DER, and Intel's documents as its service sent them");
    } catch (const kit::CryptoError& e) {
        throw sdk::Error(TH_INVALID_ARGUMENT,
                         std::string("the certificates given cannot be read: ") + e.what(),
                         "give certificates and CRLs as PEM or DER");
    }
}

std::optional<QuoteVerifier::Judged> QuoteVerifier::verify(sdk::Call call, const sdk::VerifyRequest& request,
                                                           sdk::Checks out)
{
    const sdk::Blob& blob = kit::onlyEvidence(request, "quote of a TD",
                                              "give certificates, CRLs and Intel's documents as collateral");
    auto policy = kit::policyOf<Policy>(request);
    const CrlMode crl = crlMode(policy, call.text("crl"));
    Quote quote;
    Found found;
    try {
        quote = Quote::parse(blob.data);
        found = find(call, request, quote, policy, crl);
    } catch (const InputError& e) {
        kit::tellUnreadable(check_id::kForm, withCode(e.what(), e.reason()), "the quote cannot be read",
                            kTdxVerifyChecks, request, out);
        return std::nullopt;
    }
    const std::int64_t at = (request.atWallNs != 0 ? request.atWallNs : call.wallNs()) / kNanoseconds;
    Verified verified = verifyQuote(quote, *found.chain, *found.collateral,
                                    {at, found.anchors, crl, policy.collateral, found.troubles});
    const TcbVerdict* tcb = verified.tcb ? &*verified.tcb : nullptr;
    for (CheckLine& line : appraise(quote, tcb, policy, request, at))
        verified.lines.push_back(std::move(line));
    for (CheckLine& line : verified.lines)
        if (line.outcome == kit::Outcome::Fail || line.outcome == kit::Outcome::Unfit ||
            line.outcome == kit::Outcome::Error) {
            addHint(line);
            line.message = withCode(std::move(line.message), line.reason);
        }
    kit::tell(verified.lines, out);

    const ClaimTaker claim = [&](std::string_view name, const sdk::Value& value) { out.claim(name, value); };
    claimQuote(quote, claim);
    if (found.chain->extension)
        claimPlatform(*found.chain->extension, claim);
    if (tcb != nullptr)
        claimTcb(*tcb, claim);
    return Judged{quote, std::move(policy)};
}

void QuoteVerifier::inspect(sdk::Call, const sdk::Blob& blob, sdk::Claims out)
{
    const ClaimTaker claim = [&](std::string_view name, const sdk::Value& value) { out.claim(name, value); };
    try {
        const Quote quote = Quote::parse(blob.data);
        claimQuote(quote, claim);
        if (const PckChain chain = PckChain::of(quote.certificates); chain.extension)
            claimPlatform(*chain.extension, claim);
    } catch (const InputError& e) {
        throw sdk::Error(TH_INVALID_ARGUMENT, withCode(e.what(), e.reason()));
    }
}

} // namespace teehost::tdx
