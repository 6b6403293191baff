// SPDX-License-Identifier: Apache-2.0
//
// Verification through the plugin's border, as the host asks for it: where certificates come from, and what a
// verdict is made of.
#include <algorithm>
#include <functional>
#include <map>

#include <teehost/plugin.hpp>

#include "report/cert_table.h"
#include "report/kds.h"
#include "sev_snp.h"
#include "sev_snp_report/scene.h"
#include "tests/unit/plugin/support.h"
#include "x509_factory/raw_object.h"

namespace teehost::sev_snp::test {
namespace {

using plugin::Blob;
using plugin::VerifyRequest;
using plugin::VerifyResult;

/// AMD's service, or an empty cache.
class FakeKds final : public plugin::FetchService {
public:
    plugin::FetchResponse get(const plugin::FetchRequest& request) override
    {
        asked.push_back(request);
        const auto it = bodies.find(request.url);
        if (it == bodies.end())
            throw Error(Category::NotFound, "no such thing");
        return {200, it->second, {}, 0};
    }
    std::map<std::string, Bytes> bodies;
    std::vector<plugin::FetchRequest> asked;
};

Bytes bytesOf(const std::string& text) { return {text.begin(), text.end()}; }

class PluginTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PluginTest);
    CPPUNIT_TEST(takesCertificatesInEveryForm);
    CPPUNIT_TEST(fetchesWhatIsMissing);
    CPPUNIT_TEST(looksIntoTheCacheOffline);
    CPPUNIT_TEST(acceptsNothingThatItCannotJudge);
    CPPUNIT_TEST(rejectsWhatIsNotAsked);
    CPPUNIT_TEST(rejectsOnlyWhatItUnderstands);
    CPPUNIT_TEST(takesNoCrlThatItCannotReadForNone);
    CPPUNIT_TEST(looksForANewerCrlThanAGuestOffers);
    CPPUNIT_TEST(fetchesTheVcekWhenAnotherIsGiven);
    CPPUNIT_TEST(countsWhatAGuestOffersByItself);
    CPPUNIT_TEST(blamesAnAnchorOnNoReport);
    CPPUNIT_TEST(saysHowToReadNewerVersions);
    CPPUNIT_TEST(keepsTheChainItKnows);
    CPPUNIT_TEST(keepsNoChainForOtherTermsOfRevocation);
    CPPUNIT_TEST(refusesWhatItDoesNotUnderstand);
    CPPUNIT_TEST(claimsWithoutVerifying);
    CPPUNIT_TEST_SUITE_END();

    const Scene scene_;
    const EndorsementChain chain_ = scene_.chain();
    const Bytes report_ = scene_.report();
    plugin::test::KeptLog kept_;
    std::shared_ptr<FakeKds> kds_ = std::make_shared<FakeKds>();
    std::unique_ptr<plugin::Plugin> plugin_;

public:
    void setUp() override
    {
        plugin_ = plugin::test::takeUncreated(sdk::Bridge<SevSnp>::entry, kept_.log);
        plugin_->serveFetch(kds_);
        plugin_->create({});
    }

private:
    [[nodiscard]] VerifyRequest request(std::vector<Blob> collateral) const
    {
        VerifyRequest out;
        out.evidence = {{"", report_}};
        out.collateral = std::move(collateral);
        out.anchors = {{"", chain_.root.der()}};
        out.atWallNs = kNow * 1'000'000'000;
        return out;
    }
    [[nodiscard]] std::vector<Blob> allCertificates() const
    {
        return {{"", chain_.vek.der()}, {"", chain_.intermediate.der()}, {"", chain_.root.der()}};
    }
    [[nodiscard]] VerifyResult verify(const VerifyRequest& request) const
    {
        return plugin_->verify({}, request);
    }
    static std::string verdictOf(const VerifyResult& result, std::string_view id)
    {
        for (const auto& check : result.checks)
            if (check.id == id)
                return plugin::verdictName(check.verdict);
        return "none";
    }

    void fillKds()
    {
        const Report report = Report::parse(report_);
        kds_->bodies[vcekUrl(kAmdKds, report, ProductLine::Milan)] = chain_.vek.der();
        kds_->bodies[chainUrl(kAmdKds, EndorsementKind::Vcek, ProductLine::Milan)] =
            bytesOf(pem(chain_.intermediate) + pem(chain_.root));
        kds_->bodies[crlUrl(kAmdKds, EndorsementKind::Vcek, ProductLine::Milan)] =
            makeCrl(scene_.hierarchy().crlTerms()).der();
    }

    void takesCertificatesInEveryForm()
    {
        CPPUNIT_ASSERT(verify(request(allCertificates())).accepted);
        const std::string all = pem(chain_.root) + pem(chain_.vek) + pem(chain_.intermediate); // in any order
        CPPUNIT_ASSERT(verify(request({{"", bytesOf(all)}})).accepted);
        // Anchors and collateral may be for other attesters too.
        auto withOthers = request(allCertificates());
        withOthers.anchors.push_back({"", foreignCertificate()});
        withOthers.collateral.push_back({"", foreignCertificate()});
        CPPUNIT_ASSERT(verify(withOthers).accepted);
        withOthers.collateral.erase(withOthers.collateral.begin() + 1); // the intermediate
        withOthers.offline = true;
        const auto missing = verify(withOthers);
        CPPUNIT_ASSERT(!missing.accepted);
        CPPUNIT_ASSERT(std::any_of(missing.checks.begin(), missing.checks.end(), [](const auto& check) {
            return check.message.find("not a certificate of a maker of TEEs") != std::string::npos;
        }));
        Bytes table, data;
        const auto add = [&](const Guid& guid, const Bytes& bytes) {
            table.insert(table.end(), guid.begin(), guid.end());
            for (const std::size_t number : {72 + data.size(), bytes.size()})
                for (int i = 0; i < 4; ++i)
                    table.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
            data.insert(data.end(), bytes.begin(), bytes.end());
        };
        add(table_guid::kVcek, chain_.vek.der());
        add(table_guid::kAsk, bytesOf(pem(chain_.intermediate)));
        table.resize(72);
        table.insert(table.end(), data.begin(), data.end());
        CPPUNIT_ASSERT(verify(request({{"", table}})).accepted); // the root is the anchor
        VerifyRequest extended = request({});
        extended.evidence.front().data.insert(extended.evidence.front().data.end(), table.begin(),
                                              table.end());
        CPPUNIT_ASSERT(verify(extended).accepted);
    }

    void fetchesWhatIsMissing()
    {
        fillKds();
        const VerifyResult result = verify(request({}));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.reason, true, result.accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("PASS"), verdictOf(result, check_id::kCrl));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, kds_->asked.size());
        // A root that the service brings along is not thereby trusted.
        VerifyRequest byAmd = request({});
        byAmd.anchors.clear();
        const VerifyResult rejected = verify(byAmd);
        CPPUNIT_ASSERT(!rejected.accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(rejected, check_id::kRoot));
    }

    void looksIntoTheCacheOffline()
    {
        fillKds();
        VerifyRequest offline = request({});
        offline.offline = true;
        CPPUNIT_ASSERT(verify(offline).accepted);
        for (const auto& asked : kds_->asked)
            CPPUNIT_ASSERT(asked.cacheOnly);
    }

    void acceptsNothingThatItCannotJudge()
    {
        for (int missing = 0; missing < 2; ++missing) { // the root is the anchor, so that it is never missing
            auto given = allCertificates();
            given.erase(given.begin() + missing);
            const VerifyResult result = verify(request(given));
            CPPUNIT_ASSERT(!result.accepted);
            CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(result, check_id::kChain));
            CPPUNIT_ASSERT(result.reason.find("no such thing") != std::string::npos); // what the service said
        }
        fillKds();
        for (auto& [url, body] : kds_->bodies)
            body = bytesOf("<html>not a certificate</html>");
        CPPUNIT_ASSERT(!verify(request({})).accepted);
        VerifyRequest strict = request(allCertificates());
        strict.policyJson = R"({"crl": "required"})";
        const VerifyResult result = verify(strict);
        CPPUNIT_ASSERT(!result.accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(result, check_id::kCrl));
    }

    void rejectsWhatIsNotAsked()
    {
        const Report report = Report::parse(report_);
        VerifyRequest right = request(allCertificates());
        right.reportData.assign(report.reportData.begin(), report.reportData.end());
        right.expected = {{"LAUNCH_DIGEST",
                           plugin::DigestAlg::Sha384,
                           {report.measurement.begin(), report.measurement.end()}}};
        right.reference = {{"snp.policy", std::string("0x30000")},
                           {"snp.cpu_signature", std::string("0xa00f11")}}; // told, and in the digest alone
        right.policyJson = R"({"vmpl": 0})";
        CPPUNIT_ASSERT(verify(right).accepted);
        auto wrong = right;
        wrong.reportData[0] ^= 1;
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(wrong), check_id::kReportData));
        wrong = right;
        wrong.expected.front().digest[0] ^= 1;
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(wrong), check_id::kMeasurement));
        wrong = right;
        wrong.reference = {{"snp.policy", std::string("0xb0000")}};
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(wrong), "snp.reference.policy"));
        wrong = right;
        wrong.policyJson = R"({"vmpl": 1})";
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(wrong), "snp.policy.vmpl"));
        wrong = right;
        wrong.evidence.front().data[0x90] ^= 1;
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(wrong), check_id::kSignature));
        wrong = right;
        wrong.evidence.front().data.pop_back();
        const VerifyResult cut = verify(wrong);
        CPPUNIT_ASSERT(!cut.accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(cut, check_id::kForm));
        wrong = right;
        wrong.atWallNs += 2 * kYear * 1'000'000'000;
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(wrong), check_id::kValidity));
    }

    /// Rejected (a FAIL), not judged for a mistake of the operator (an ERROR), or not judged because of the
    /// evidence, which the host counts against a live guest.
    void rejectsOnlyWhatItUnderstands()
    {
        enum class Blame { Vm, Operator, Evidence };
        struct Row {
            const char* what;
            Blame blame;
            std::function<void(VerifyRequest&)> change;
            bool thrown = false; ///< an operator's mistake that keeps the plugin from judging at all
        };
        const auto data = [](VerifyRequest& r) -> Bytes& { return r.evidence.front().data; };
        const auto crlOf = [&](auto change) {
            auto terms = scene_.hierarchy().crlTerms();
            change(terms);
            return Blob{"", makeCrl(terms).der()};
        };
        const Row rows[] = {
            {"cut", Blame::Evidence, [&](auto& r) { data(r).pop_back(); }},
            {"text", Blame::Evidence, [&](auto& r) { data(r) = bytesOf("hello"); }},
            {"other bytes", Blame::Evidence, [&](auto& r) { data(r) = Bytes(kReportSize, 0x5a); }},
            {"a newer version", Blame::Evidence, [&](auto& r) { data(r)[0] = 9; }},
            {"rubbish behind it", Blame::Evidence, [&](auto& r) { data(r).resize(1300, 1); }},
            {"a certificate behind it that is none", Blame::Evidence,
             [&](auto& r) {
                 Bytes& all = data(r);
                 const Bytes entry =
                     bytesOf("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
                 all.insert(all.end(), entry.begin(), entry.end());
             }},
            {"another measurement", Blame::Vm, [&](auto& r) { data(r)[0x90] ^= 1; }},
            {"no signature", Blame::Vm, [&](auto& r) { data(r)[0x2a0] ^= 1; }},
            {"reserved bytes", Blame::Vm, [&](auto& r) { data(r)[0x210] = 1; }},
            {"another nonce", Blame::Vm, [&](auto& r) { r.reportData = Bytes(64, 9); }},
            {"a nonce that is too long", Blame::Operator, [&](auto& r) { r.reportData = Bytes(65, 9); }},
            {"another digest", Blame::Vm,
             [&](auto& r) {
                 r.expected = {{"", plugin::DigestAlg::Sha384, Bytes(48, 1)}};
             }},
            {"a digest of another length", Blame::Operator,
             [&](auto& r) {
                 r.expected = {{"", plugin::DigestAlg::Sha256, Bytes(32, 1)}};
             }},
            {"an unknown register", Blame::Operator,
             [&](auto& r) {
                 r.expected = {{"MRTD", plugin::DigestAlg::Sha384, Bytes(48, 1)}};
             }},
            {"an unknown reference value", Blame::Operator,
             [&](auto& r) {
                 r.reference = {{"tdx.mr_td", std::string("00")}};
             }},
            {"an unknown rule", Blame::Operator, [&](auto& r) { r.policyJson = R"({"vmlp": 0})"; }, true},
            {"a broken rule", Blame::Vm, [&](auto& r) { r.policyJson = R"({"vmpl": 3})"; }},
            {"no certificates", Blame::Operator, [&](auto& r) { r.collateral.clear(); }},
            {"other files as certificates", Blame::Operator,
             [&](auto& r) {
                 r.collateral = {{"", bytesOf("hello")}};
             },
             true},
            {"a root that is not trusted", Blame::Vm, [&](auto& r) { r.anchors.clear(); }},
            {"another time", Blame::Vm, [&](auto& r) { r.atWallNs += 99 * kYear * 1'000'000'000; }},
            {"a CRL that is old", Blame::Operator,
             [&](auto& r) {
                 r.collateral.push_back(crlOf([](auto& terms) { terms.validity.to = kNow - 1; }));
             }},
            {"a CRL of another root", Blame::Operator,
             [&](auto& r) {
                 const auto& genoa = hierarchyOf(ProductLine::Genoa);
                 r.collateral.push_back({"", makeCrl(genoa.crlTerms()).der()});
             }},
            {"a CRL that revokes", Blame::Vm,
             [&](auto& r) {
                 r.collateral.push_back(crlOf([&](auto& terms) { terms.revoked = {0x10001}; }));
             }},
        };
        for (const Row& row : rows) {
            VerifyRequest changed = request(allCertificates());
            row.change(changed);
            if (row.thrown) {
                CPPUNIT_ASSERT_THROW_MESSAGE(row.what, static_cast<void>(verify(changed)), Error);
                continue;
            }
            const VerifyResult result = verify(changed);
            const Blame blame = plugin::firstFailure(result) != nullptr ? Blame::Vm
                                : plugin::firstUnfit(result) != nullptr ? Blame::Evidence
                                                                        : Blame::Operator;
            CPPUNIT_ASSERT_MESSAGE(row.what, !result.accepted);
            CPPUNIT_ASSERT_MESSAGE(row.what, blame == row.blame);
        }
    }

    void takesNoCrlThatItCannotReadForNone()
    {
        const auto terms = scene_.hierarchy().crlTerms();
        const std::string url = crlUrl(kAmdKds, EndorsementKind::Vcek, ProductLine::Milan);
        for (const auto& [what, crl] : crlsOutsideTheProfile(terms)) {
            VerifyRequest given = request(allCertificates());
            given.collateral.push_back({"", crl});
            VerifyRequest offered = request(allCertificates());
            const std::string text = pem("X509 CRL", crl);
            auto& evidence = offered.evidence.front().data;
            evidence.insert(evidence.end(), text.begin(), text.end());
            for (VerifyRequest asked : {given, offered}) {
                kds_->bodies.clear();
                for (const char* policy : {R"({"crl": "if-present"})", R"({"crl": "required"})"}) {
                    asked.policyJson = policy;
                    const VerifyResult result = verify(asked);
                    CPPUNIT_ASSERT_MESSAGE(what, !result.accepted && !plugin::firstFailure(result));
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string("ERROR"),
                                                 verdictOf(result, check_id::kCrl));
                    CPPUNIT_ASSERT_MESSAGE(result.reason,
                                           result.reason.find("CRL of ARK-Milan") != std::string::npos);
                }
                asked.policyJson = R"({"crl": "off"})";
                CPPUNIT_ASSERT_MESSAGE(what, verify(asked).accepted);
                asked.policyJson.clear();
                fillKds(); // of which one that is usable will do
                CPPUNIT_ASSERT_MESSAGE(what, verify(asked).accepted);
                kds_->bodies[url] = crl;
                CPPUNIT_ASSERT_MESSAGE(what, !verify(asked).accepted);
                auto& data = asked.evidence.front().data; // the guest's own, which is old but valid
                const std::string old = pem("X509 CRL", makeCrl(terms).der());
                data.insert(data.end(), old.begin(), old.end());
                CPPUNIT_ASSERT_MESSAGE(what, !verify(asked).accepted);
                CPPUNIT_ASSERT_MESSAGE(what, !verify(request(allCertificates())).accepted);
            }
        }
    }

    /// A chain that was worked out without a CRL serves nobody who wants one.
    void keepsNoChainForOtherTermsOfRevocation()
    {
        fillKds();
        auto revoking = scene_.hierarchy().crlTerms();
        revoking.revoked = {0x10001};
        kds_->bodies[crlUrl(kAmdKds, EndorsementKind::Vcek, ProductLine::Milan)] = makeCrl(revoking).der();
        VerifyRequest careless = request(allCertificates());
        careless.policyJson = R"({"crl": "off"})";
        CPPUNIT_ASSERT(verify(careless).accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"),
                             verdictOf(verify(request(allCertificates())), check_id::kCrl));
        CPPUNIT_ASSERT(verify(careless).accepted);
    }

    /// Behind the report, or handed on by a plugin that relies on the report (x509.offered).
    void looksForANewerCrlThanAGuestOffers()
    {
        fillKds();
        auto revoking = scene_.hierarchy().crlTerms();
        const Bytes old = makeCrl(revoking).der();
        const std::string text = pem("X509 CRL", old);
        revoking.revoked = {0x10001};
        kds_->bodies[crlUrl(kAmdKds, EndorsementKind::Vcek, ProductLine::Milan)] = makeCrl(revoking).der();
        VerifyRequest behind = request(allCertificates()), handedOn = behind, given = behind;
        auto& data = behind.evidence.front().data;
        data.insert(data.end(), text.begin(), text.end());
        handedOn.collateral.insert(handedOn.collateral.begin() + 1, {"x509.offered", old});
        given.collateral.push_back({"", old});
        CPPUNIT_ASSERT(verify(given).accepted); // the operator's word counts, and the host asks nobody
        CPPUNIT_ASSERT(kds_->asked.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(behind), check_id::kCrl));
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(handedOn), check_id::kCrl));
    }

    void fetchesTheVcekWhenAnotherIsGiven()
    {
        auto otherChip = scene_.reportTerms.chip;
        otherChip[9] ^= 1;
        auto otherTcb = scene_.reportTerms.tcb;
        ++otherTcb.snp;
        const Hierarchy& from = scene_.hierarchy();
        struct Row {
            CertificateTerms terms;
            const char* check;
        };
        for (const Row& row : {Row{from.vcekTerms(scene_.reportTerms.tcb, otherChip), "snp.chip"},
                               Row{from.vcekTerms(otherTcb, scene_.reportTerms.chip), "snp.tcb"}}) {
            const Bytes wrong = makeCertificate(row.terms).der();
            VerifyRequest given = request(allCertificates()), behind = request({});
            given.collateral.front().data = wrong;
            const std::string text = pem("CERTIFICATE", wrong);
            auto& data = behind.evidence.front().data;
            data.insert(data.end(), text.begin(), text.end());
            kds_->bodies.clear();
            CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(given), row.check)); // as it was given
            fillKds();
            for (const VerifyRequest& asked : {given, behind}) {
                const VerifyResult result = verify(asked);
                CPPUNIT_ASSERT_MESSAGE(result.reason, result.accepted);
            }
        }
    }

    void countsWhatAGuestOffersByItself()
    {
        const auto behind = [&](VerifyRequest asked, std::size_t count) {
            auto& data = asked.evidence.front().data;
            const std::string one = pem("CERTIFICATE", foreignCertificate());
            for (std::size_t i = 0; i < count; ++i)
                data.insert(data.end(), one.begin(), one.end());
            return verify(asked);
        };
        VerifyRequest forged = request(allCertificates());
        forged.evidence.front().data[0x90] ^= 1;
        CPPUNIT_ASSERT(plugin::firstFailure(behind(forged, 8)) != nullptr);
        for (const std::size_t count : {9u, 61u, 62u, 80u}) // the evidence's fault, whatever else is given
            CPPUNIT_ASSERT(plugin::firstUnfit(behind(forged, count)) != nullptr);
        VerifyRequest many = request(allCertificates());
        const std::string one = pem("CERTIFICATE", foreignCertificate());
        std::string crowd;
        for (int i = 0; i < 60; ++i)
            crowd += one;
        many.collateral.push_back({"", bytesOf(crowd)}); // with three and the anchor 64
        CPPUNIT_ASSERT(behind(many, 8).accepted);
    }

    void blamesAnAnchorOnNoReport()
    {
        VerifyRequest broken = request({});
        const std::string text = pem(chain_.vek) + pem(chain_.intermediate);
        auto& data = broken.evidence.front().data;
        data.insert(data.end(), text.begin(), text.end());
        const Bytes crl = makeCrl(scene_.hierarchy().crlTerms()).der();
        for (const Bytes& anchor : {Bytes{1, 2, 3}, crl}) {
            broken.anchors = {{"", anchor}};
            plugin::test::expectError(Category::InvalidArgument, "anchor",
                                      [&] { static_cast<void>(verify(broken)); });
        }
    }

    void saysHowToReadNewerVersions()
    {
        struct Row {
            std::uint8_t version;
            bool isHinted;
        };
        for (const Row& row :
             {Row{0, false}, Row{1, false}, Row{6, true}, Row{9, true}, Row{10, false}, Row{129, false}}) {
            VerifyRequest other = request(allCertificates());
            other.evidence.front().data[0] = row.version;
            const VerifyResult result = verify(other);
            const bool isHinted =
                std::any_of(result.checks.begin(), result.checks.end(), [](const auto& one) {
                    return one.hint.find("allow_newer_report_version") != std::string::npos;
                });
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(row.version), row.isHinted, isHinted);
        }
    }

    void keepsTheChainItKnows()
    {
        VerifyRequest first = request(allCertificates());
        first.policyJson = R"({"crl": "off"})";
        CPPUNIT_ASSERT(verify(first).accepted);
        CPPUNIT_ASSERT(verify(first).accepted);
        CPPUNIT_ASSERT(kds_->asked.empty());
        // What is kept is worth no more than it was: another time, another root, another report.
        auto later = first;
        later.atWallNs += 2 * kYear * 1'000'000'000;
        CPPUNIT_ASSERT(!verify(later).accepted);
        auto byAmd = first;
        byAmd.anchors.clear();
        CPPUNIT_ASSERT(!verify(byAmd).accepted);
        auto changed = first;
        changed.evidence.front().data[0x50] ^= 1;
        CPPUNIT_ASSERT(!verify(changed).accepted);
        CPPUNIT_ASSERT(verify(first).accepted);
    }

    void refusesWhatItDoesNotUnderstand()
    {
        const auto refused = [&](auto&& change, const char* words) {
            VerifyRequest wrong = request(allCertificates());
            change(wrong);
            plugin::test::expectError(Category::InvalidArgument, words,
                                      [&] { static_cast<void>(verify(wrong)); });
        };
        refused([](auto& r) { r.evidence.push_back(r.evidence.front()); }, "one report");
        refused([](auto& r) { r.evidence.clear(); }, "one report");
        refused([](auto& r) { r.policyJson = R"({"vmlp": 0})"; }, "vmlp");
        refused([](auto& r) { r.collateral.push_back({"", {1, 2, 3}}); }, "cannot be read");
        refused([](auto& r) { r.anchors.push_back({"", {1, 2, 3}}); }, "cannot be read");
    }

    void claimsWithoutVerifying()
    {
        Bytes changed = report_;
        changed[0x90] ^= 1;
        const auto claims = plugin_->inspect({}, {"", changed});
        const auto it = std::find_if(claims.begin(), claims.end(),
                                     [](const auto& c) { return c.key == "snp.measurement"; });
        CPPUNIT_ASSERT(it != claims.end());
        CPPUNIT_ASSERT(std::get<plugin::Bytes>(it->value) ==
                       Bytes(changed.begin() + 0x90, changed.begin() + 0xc0));
        CPPUNIT_ASSERT(plugin_->recognise({"", changed}) > 90);
        CPPUNIT_ASSERT_EQUAL(0, plugin_->recognise({"tdx.quote", changed}));
        plugin::test::expectError(Category::InvalidArgument, "1184", [&] {
            static_cast<void>(plugin_->inspect({}, {"", {1, 2, 3}}));
        });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PluginTest);

} // namespace
} // namespace teehost::sev_snp::test
