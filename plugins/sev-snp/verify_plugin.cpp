// SPDX-License-Identifier: Apache-2.0
//
// A verification from evidence to checks: find the certificates, work out what they are worth, judge the
// report.
#include <algorithm>
#include <chrono>
#include <span>
#include <string>

#include <teehost/kit/fetch.h>
#include <teehost/kit/tell_checks.h>
#include <teehost/kit/verify_request.h>
#include <teehost/kit/x509.h>

#include "appraisal.h"
#include "claims.h"
#include "input_error.h"
#include "report/collateral.h"
#include "report/evidence.h"
#include "report/kds.h"
#include "report/verify.h"
#include "sev_snp.h"

namespace teehost::sev_snp {
namespace {

using std::chrono_literals::operator""h;

// How long what was fetched counts as it is. A VCEK never changes under its URL; a chain hardly; a CRL says
// itself until when it counts, but a newer one may be out.
constexpr std::chrono::hours kVcekAge = 8760h, kChainAge = 720h, kCrlAge = 24h;
constexpr std::string_view kOffered = "x509.offered"; // teehost/plugin.h, th_blob
constexpr std::int64_t kNanoseconds = 1'000'000'000;
constexpr std::uint32_t kLikelyVersion =
    kNewestReportVersion + 4; // beyond it are the bytes of something else
constexpr std::string_view kNewerVersionHint =
    "a policy with \"allow_newer_report_version\": true reads a newer one like the newest that is known";

class CollateralFinder {
public:
    CollateralFinder(sdk::Call call, const sdk::VerifyRequest& request, const Report& report, CrlMode crl)
        : call_(call), report_(report), kds_(call.text("kds_url")), crl_(crl), mayFetch_(call.canFetch()),
          network_(request.offline ? kit::Network::Offline : kit::Network::Allowed)
    {
    }

    void add(kit::ByteView blob) { pool_.add(blob); }
    /// Adds what came with the evidence, before anything else is added.
    void addOffered(kit::ByteView blob)
    {
        pool_.add(blob, Collateral::Origin::Offered);
        offeredCrls_ = pool_.crls().size();
        offeredUnreadCrls_ = pool_.unreadCrls().size();
    }

    /// Nothing when a certificate is missing, and cannot be had either: see troubles().
    std::shared_ptr<const ChainFacts> find()
    {
        const kit::VendorCertificate* vek = findVek();
        if (vek == nullptr)
            return nothing(report_.signingKey() == SigningKey::Vlek ? "the VLEK's certificate"
                                                                    : "the VCEK's certificate");
        const kit::VendorCertificate endorsement = *vek; // the pool may grow below
        auto issuers = findIssuers(endorsement);
        if (issuers.intermediate == nullptr || issuers.root == nullptr)
            return nothing("the certificate of " + (issuers.intermediate == nullptr
                                                        ? endorsement.issuerCommonName()
                                                        : issuers.intermediate->issuerCommonName()));
        const EndorsementChain chain{endorsement, *issuers.intermediate, *issuers.root};
        findCrl(chain);
        auto facts = std::make_shared<ChainFacts>(ChainFacts::of(chain, pool_.crls()));
        facts->unreadCrl = unreadCrl(chain.root);
        return facts;
    }

    [[nodiscard]] bool fetched() const noexcept { return fetched_; }
    /// Which certificate there is not, and why it could not be fetched.
    [[nodiscard]] const std::string& missing() const noexcept { return missing_; }
    /// Why something could not be fetched; one sentence, or empty.
    [[nodiscard]] const std::string& troubles() const noexcept { return troubles_; }

private:
    std::shared_ptr<const ChainFacts> nothing(const std::string& what)
    {
        missing_ = what + " is missing" + (troubles_.empty() ? "" : ": " + troubles_);
        if (!pool_.others().empty())
            missing_ += "; " + pool_.others().front();
        return nullptr;
    }

    const kit::VendorCertificate* findVek()
    {
        // One of another chip or TCB cannot have signed the report; the right one may be had.
        if (const auto vek = pool_.vekFor(report_);
            vek.fits || report_.signingKey() != SigningKey::Vcek || report_.chipIdMasked() || !mayFetch_)
            return vek.certificate;
        for (const ProductLine line : likelyLines())
            if (fetch(vcekUrl(kds_, report_, line), kVcekAge))
                break;
        return pool_.vekFor(report_).certificate;
    }

    /// By the report; before version 3 it does not say, but Turin's chip ids are short.
    [[nodiscard]] std::vector<ProductLine> likelyLines() const
    {
        if (const auto line = report_.line())
            return {*line};
        if (report_.hasCpuid())
            return {};
        return {ProductLine::Milan, ProductLine::Genoa};
    }

    Collateral::Issuers findIssuers(const kit::VendorCertificate& vek)
    {
        const auto issuers = pool_.issuersOf(vek);
        if (issuers.root != nullptr || !mayFetch_)
            return issuers;
        std::string issuer = vek.issuerCommonName();
        const bool isVlek = issuer.starts_with("SEV-VLEK-");
        const auto line =
            lineNamed(std::string_view(issuer).substr(std::min<std::size_t>(isVlek ? 9 : 4, issuer.size())));
        if (!line ||
            !fetch(chainUrl(kds_, isVlek ? EndorsementKind::Vlek : EndorsementKind::Vcek, *line), kChainAge))
            return issuers;
        return pool_.issuersOf(vek);
    }

    void findCrl(const EndorsementChain& chain)
    {
        const auto line = lineOfRoot(chain.root);
        // The one that a guest offers may be as old as suits it.
        const bool given = pool_.crls().size() > offeredCrls_;
        if (crl_ == CrlMode::Off || given || !mayFetch_ || !line)
            return;
        const bool isVlek = chain.intermediate.subjectCommonName().starts_with("SEV-VLEK-");
        fetch(crlUrl(kds_, isVlek ? EndorsementKind::Vlek : EndorsementKind::Vcek, *line), kCrlAge);
    }

    /// A CRL that cannot be read, unless the root has signed another. One that a guest offers, which may be
    /// as old as suits it, does not stand in for one that was given or fetched.
    [[nodiscard]] std::optional<kit::Fault> unreadCrl(const kit::VendorCertificate& root) const
    {
        const auto& unread = pool_.unreadCrls();
        if (unread.empty())
            return std::nullopt;
        const bool isOffered = unread.size() == offeredUnreadCrls_;
        const auto others = std::span(pool_.crls()).subspan(isOffered ? 0 : offeredCrls_);
        if (std::any_of(others.begin(), others.end(),
                        [&](const kit::VendorCrl& crl) { return crl.isSignedBy(root); }))
            return std::nullopt;
        return kit::Fault{"crl_unreadable", unread.back()};
    }

    bool fetch(const std::string& url, std::chrono::hours max_age)
    {
        try {
            const auto answer = kit::fetchCollateral(call_, url, max_age, network_);
            const std::size_t unread = pool_.unreadCrls().size();
            pool_.add(answer.body, Collateral::Origin::Fetched);
            if (pool_.unreadCrls().size() > unread)
                throw InputError("collateral", pool_.unreadCrls().back());
            fetched_ = true;
            return true;
        } catch (const sdk::Error& e) {
            troubles_ = e.what();
        } catch (const InputError& e) {
            troubles_ = "what was fetched from " + url + " cannot be used: " + e.what();
        }
        return false;
    }

    sdk::Call call_;
    const Report& report_;
    std::string kds_;
    CrlMode crl_;
    bool mayFetch_;
    kit::Network network_;
    bool fetched_ = false;
    std::size_t offeredCrls_ = 0,
                offeredUnreadCrls_ = 0; ///< of those in the pool, what came with the evidence
    std::string troubles_, missing_;
    Collateral pool_;
};

/// Digests everything that decides which chain and which CRLs a report has.
ChainCache::Key cacheKey(const Evidence& evidence, const sdk::VerifyRequest& request, CrlMode crl,
                         bool may_fetch)
{
    kit::ContentKey key;
    // Facts that were worked out without a CRL, or without a way to fetch one, are not for those who want
    // one.
    key.add(kit::Bytes{static_cast<std::uint8_t>(crl), may_fetch, request.offline});
    key.add(evidence.report.subspan(0x048, 4));  // KEY_INFO
    key.add(evidence.report.subspan(0x180, 96)); // REPORTED_TCB, CPUID, CHIP_ID
    for (const auto certificate : evidence.certificates)
        key.add(certificate);
    for (const auto& blob : request.collateral)
        key.add(kit::viewOf(blob.kind)).add(blob.data);
    key.add({});
    for (const auto& blob : request.anchors)
        key.add(blob.data);
    return key.finish();
}

/// The operator's mistakes are sdk::Error, and not blamed on the report.
std::vector<kit::Sha256Digest> rootsOf(const sdk::VerifyRequest& request)
{
    if (request.anchors.empty())
        return {amdRoots().begin(), amdRoots().end()};
    std::vector<kit::Sha256Digest> roots;
    try {
        for (const auto& blob : request.anchors)
            for (const auto& certificate : kit::readX509(blob.data).certificates)
                roots.push_back(certificate.fingerprint());
    } catch (const kit::CryptoError& e) {
        throw sdk::Error(TH_INVALID_ARGUMENT,
                         std::string("a root given as an anchor cannot be read: ") + e.what(),
                         "give certificates, PEM or DER");
    }
    if (roots.empty())
        throw sdk::Error(TH_INVALID_ARGUMENT, "what is given as an anchor holds no certificate",
                         "give the root's certificate, PEM or DER");
    return roots;
}

CrlMode crlMode(const Policy& policy, std::string_view option)
{
    if (policy.crl)
        return *policy.crl;
    return option == "off" ? CrlMode::Off : option == "required" ? CrlMode::Required : CrlMode::IfPresent;
}

std::shared_ptr<const ChainFacts> findChain(CollateralFinder& finder, const Evidence& evidence,
                                            const sdk::VerifyRequest& request)
{
    try {
        for (const auto certificate : evidence.certificates)
            finder.addOffered(certificate);
    } catch (const InputError& e) { // the evidence is what cannot be read
        throw InputError("certificates",
                         std::string("a certificate that came with the report cannot be read: ") + e.what());
    }
    for (const auto& given : request.collateral)
        if (given.kind == kOffered)
            finder.addOffered(given.data);
    for (const auto& given : request.collateral)
        if (given.kind != kOffered)
            finder.add(given.data);
    for (const auto& anchor : request.anchors)
        finder.add(anchor.data);
    return finder.find();
}

/// Says why there is no CRL, where one was wanted.
void addTroubles(const std::string& troubles, std::vector<CheckLine>& lines)
{
    for (CheckLine& line : lines)
        if (!troubles.empty() && line.id == check_id::kCrl &&
            (line.outcome == Outcome::Error || line.outcome == Outcome::Skip))
            line.message += ": " + troubles;
}

} // namespace

SevSnp::Chain SevSnp::chainFor(sdk::Call call, const sdk::VerifyRequest& request, const Evidence& evidence,
                               const Report& report, CrlMode crl)
{
    Chain out{nullptr, rootsOf(request), {}, {}};
    try {
        const auto key = cacheKey(evidence, request, crl, call.canFetch());
        out.facts = chains_.find(key);
        if (out.facts)
            return out;
        CollateralFinder finder(call, request, report, crl);
        out.facts = findChain(finder, evidence, request);
        out.troubles = finder.troubles();
        out.missing = finder.missing();
        // What was fetched grows old; the host keeps it, and knows how long.
        if (out.facts && !finder.fetched() && out.troubles.empty())
            chains_.keep(key, out.facts);
        return out;
    } catch (const InputError& e) {
        if (e.reason() == "certificates") // of the evidence: verify() says so
            throw;
        throw sdk::Error(TH_INVALID_ARGUMENT,
                         std::string("the certificates given cannot be read: ") + e.what());
    } catch (const kit::CryptoError& e) {
        if (!evidence.certificates.empty()) // who made the evidence chose them
            throw InputError("certificates",
                             std::string("a certificate of the report's cannot be read: ") + e.what());
        throw sdk::Error(TH_INVALID_ARGUMENT,
                         std::string("the certificates given cannot be read: ") + e.what());
    }
}

void SevSnp::verify(sdk::Call call, const sdk::VerifyRequest& request, sdk::Checks out)
{
    const sdk::Blob& blob =
        kit::onlyEvidence(request, "report of SEV-SNP", "give certificates as collateral");
    const auto policy = kit::policyOf<Policy>(request);
    const CrlMode crl = crlMode(policy, call.text("crl"));
    std::optional<Report> read;
    Chain chain;
    try {
        const Evidence evidence = readEvidence(blob.data);
        read = Report::parse(evidence.report);
        if (const auto faults = formFaults(*read, policy.allowNewerReportVersion);
            !faults.empty() && faults.front().reason == "version")
            return kit::tellUnreadable(check_id::kForm, faults.front().message,
                                       "the meaning of the report's bytes is not known", kSevSnpVerifyChecks,
                                       request, out,
                                       read->version > kNewestReportVersion && read->version <= kLikelyVersion
                                           ? kNewerVersionHint
                                           : kit::kUnreadableHint);
        chain = chainFor(call, request, evidence, *read, crl);
    } catch (const InputError& e) {
        return kit::tellUnreadable(check_id::kForm, e.what(), "the report cannot be read",
                                   kSevSnpVerifyChecks, request, out);
    }
    const Report& report = *read;
    const std::int64_t at = request.atWallNs != 0 ? request.atWallNs : call.wallNs();
    const VerifyTerms terms{at / kNanoseconds, chain.roots, crl, chain.missing,
                            policy.allowNewerReportVersion};
    auto lines = verifyReport(report, chain.facts.get(), terms);
    if (chain.facts)
        addTroubles(chain.troubles, lines);
    const auto line = lineOf(report, chain.facts.get());
    for (CheckLine& check : appraiseRequest(report, line, policy, request))
        lines.push_back(std::move(check));
    kit::tell(lines, out);
    claimReport(report, line,
                [&](std::string_view name, const sdk::Value& value) { out.claim(name, value); });
    if (chain.facts && chain.facts->endorsement && !chain.facts->endorsement->cspId.empty())
        out.claim("snp.csp_id", chain.facts->endorsement->cspId);
}

void SevSnp::inspect(sdk::Call, const sdk::Blob& blob, sdk::Claims out)
{
    try {
        const Report report = Report::parse(readEvidence(blob.data).report);
        claimReport(report, lineOf(report, nullptr),
                    [&](std::string_view name, const sdk::Value& value) { out.claim(name, value); });
    } catch (const InputError& e) {
        throw sdk::Error(TH_INVALID_ARGUMENT, e.what());
    }
}

} // namespace teehost::sev_snp
