// SPDX-License-Identifier: Apache-2.0
//
// Verification through the plugin's border, as the host asks for it: where collateral comes from, and what a
// verdict is made of.
#include <map>

#include <teehost/plugin.hpp>

#include "tdx/quote/checks.h"
#include "tdx/quote/pcs.h"
#include "tdx/quote/verify_plugin.h"
#include "tdx_quote/scene.h"
#include "tests/unit/plugin/support.h"
#include "x509_factory/raw_object.h"

namespace teehost::tdx::test {
namespace {

using plugin::Blob;
using plugin::VerifyRequest;
using plugin::VerifyResult;

/// The verifier as a plugin with nothing else.
class Verifying final : public sdk::Plugin {
public:
    static constexpr sdk::About kAbout{.id = "tdx",
                                       .version = "1.0.0",
                                       .vendor = "teehost",
                                       .license = "Apache-2.0",
                                       .summary = "Verifies quotes of TDs",
                                       .flags = std::uint32_t{TH_ROLE_ATTESTER}};
    static constexpr std::array kOptions{
        sdk::Option{.key = "pcs_url", .help = "Where collateral is fetched.", .defaultText = kIntelPcs},
        sdk::Option{.key = "crl",
                    .type = TH_T_ENUM,
                    .help = "Revocation.",
                    .defaultText = "required",
                    .choices = {"off", "if-present", "required"}}};
    static constexpr auto kVerifyChecks = kTdxVerifyChecks;

    explicit Verifying(sdk::Call) {}
    static int recognise(const sdk::Blob& blob) { return QuoteVerifier::recognise(blob); }
    void verify(sdk::Call call, const sdk::VerifyRequest& request, sdk::Checks out) override
    {
        verifier_.verify(call, request, out);
    }
    void inspect(sdk::Call call, const sdk::Blob& blob, sdk::Claims out) override
    {
        verifier_.inspect(call, blob, out);
    }

private:
    QuoteVerifier verifier_;
};

/// Intel's service, or an empty cache.
class FakePcs final : public plugin::FetchService {
public:
    plugin::FetchResponse get(const plugin::FetchRequest& request) override
    {
        asked.push_back(request);
        const auto it = answers.find(request.url);
        if (it == answers.end())
            throw teehost::Error(Category::NotFound, "no such thing");
        if (request.maxAge.count() == 1)
            return {200, fresh.at(request.url), it->second.headers, 0};
        return it->second;
    }
    std::map<std::string, plugin::FetchResponse> answers;
    std::map<std::string, Bytes> fresh; ///< what the origin has, where that is something newer
    std::vector<plugin::FetchRequest> asked;
};

class PluginTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PluginTest);
    CPPUNIT_TEST(acceptsAGoodQuote);
    CPPUNIT_TEST(fetchesWhatIsMissing);
    CPPUNIT_TEST(fetchesForRealPlatformsOnly);
    CPPUNIT_TEST(looksIntoTheCacheOffline);
    CPPUNIT_TEST(takesSetsOfOneTime);
    CPPUNIT_TEST(acceptsNothingThatItCannotJudge);
    CPPUNIT_TEST(takesNoCrlThatItCannotReadForNone);
    CPPUNIT_TEST(rejectsWhatIsNotAsked);
    CPPUNIT_TEST(rejectsOnlyWhatItUnderstands);
    CPPUNIT_TEST(readsQuotesInTheirBuffer);
    CPPUNIT_TEST(saysTheCodeOfAFailure);
    CPPUNIT_TEST(saysWhenNothingIsCompared);
    CPPUNIT_TEST(keepsWhatItKnows);
    CPPUNIT_TEST(refusesWhatItDoesNotUnderstand);
    CPPUNIT_TEST(claimsWithoutVerifying);
    CPPUNIT_TEST_SUITE_END();

    const Scene scene_;
    const Bytes quote_ = scene_.quote();
    plugin::test::KeptLog kept_;
    std::shared_ptr<FakePcs> pcs_ = std::make_shared<FakePcs>();
    std::unique_ptr<plugin::Plugin> plugin_;

public:
    void setUp() override
    {
        plugin_ = plugin::test::takeUncreated(sdk::Bridge<Verifying>::entry, kept_.log);
        plugin_->serveFetch(pcs_);
        plugin_->create({});
    }

private:
    [[nodiscard]] VerifyRequest request(const std::vector<Bytes>& collateral) const
    {
        VerifyRequest out;
        out.evidence = {{"tdx.quote", quote_}};
        for (const Bytes& blob : collateral)
            out.collateral.push_back({"", blob});
        out.anchors = {{"", hierarchy().root.der()}};
        out.atWallNs = kNow * 1'000'000'000;
        return out;
    }
    [[nodiscard]] VerifyResult verify(const VerifyRequest& request) const
    {
        return plugin_->verify({}, request);
    }
    static const plugin::CheckResult* find(const VerifyResult& result, std::string_view id)
    {
        for (const auto& check : result.checks)
            if (check.id == id)
                return &check;
        return nullptr;
    }
    static std::string verdictOf(const VerifyResult& result, std::string_view id)
    {
        const auto* check = find(result, id);
        return check == nullptr ? "none" : std::string(plugin::verdictName(check->verdict));
    }
    static std::string claimOf(const VerifyResult& result, std::string_view key)
    {
        for (const auto& claim : result.claims)
            if (claim.key == key)
                return std::get<std::string>(claim.value);
        return "none";
    }

    void fillPcs(const Scene& scene)
    {
        std::string chain;
        for (const char c : pem(scene.signer) + pem(hierarchy().root))
            chain += c == '\n' ? "%0A" : c == ' ' ? "%20" : c == '+' ? "%2B" : std::string(1, c);
        const auto put = [&](const std::string& url, const Bytes& body, const char* header) {
            pcs_->answers[url] = {200, body, {{"content-type", "x"}, {header, chain}}, 0};
        };
        put(tcbInfoUrl(kIntelPcs, scene.platform.fmspc), bytesOf(scene.tcbInfoText()),
            "tcb-info-issuer-chain");
        put(qeIdentityUrl(kIntelPcs), bytesOf(scene.qeIdentityText()), "sgx-enclave-identity-issuer-chain");
        put(pckCrlUrl(kIntelPcs, PckCa::Platform), makeCrl(scene.pckCrl).der(), "sgx-pck-crl-issuer-chain");
        pcs_->answers[rootCrlUrl(kIntelPcs)] = {200, makeCrl(scene.rootCrl).der(), {}, 0};
    }

    void acceptsAGoodQuote()
    {
        const VerifyResult result = verify(request(scene_.blobs()));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.reason, true, result.accepted);
        CPPUNIT_ASSERT(pcs_->asked.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("UpToDate"), claimOf(result, "tdx.tcb.status"));
        CPPUNIT_ASSERT_EQUAL(std::string("b0c06f000000"), claimOf(result, "tdx.fmspc"));
        CPPUNIT_ASSERT_EQUAL(std::string(), claimOf(result, "tdx.tcb.advisories"));
        VerifyRequest byIntel = request(scene_.blobs());
        byIntel.anchors.clear();
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(byIntel), check_id::kRoot));
    }

    void fetchesWhatIsMissing()
    {
        fillPcs(scene_);
        const VerifyResult result = verify(request({}));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.reason, true, result.accepted);
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, pcs_->asked.size());
        pcs_->asked.clear();
        auto without = scene_.blobs();
        without.erase(without.begin() + 3); // the root's CRL
        CPPUNIT_ASSERT(verify(request(without)).accepted);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, pcs_->asked.size());
        CPPUNIT_ASSERT_EQUAL(std::string("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"),
                             pcs_->asked.front().url);
        CPPUNIT_ASSERT_EQUAL(std::string("https://pccs.example/sgx/certification/v4/rootcacrl"),
                             rootCrlUrl("https://pccs.example/"));
        CPPUNIT_ASSERT_EQUAL(std::string("https://p/tdx/certification/v4/tcb?fmspc=b0c06f000000"),
                             tcbInfoUrl("https://p", scene_.platform.fmspc));
        CPPUNIT_ASSERT_EQUAL(std::string("https://p/sgx/certification/v4/pckcrl?ca=processor&encoding=der"),
                             pckCrlUrl("https://p", PckCa::Processor));
        pcs_->asked.clear();
        VerifyRequest off = request({});
        off.policyJson = R"({"crl": "off"})";
        CPPUNIT_ASSERT(verify(off).accepted);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, pcs_->asked.size());
    }

    void fetchesForRealPlatformsOnly()
    {
        fillPcs(scene_);
        VerifyRequest byIntel = request({});
        byIntel.anchors.clear();
        CPPUNIT_ASSERT(!verify(byIntel).accepted);
        Scene forged;
        forged.pckTerms.signer = makeEcKey("P-256");
        VerifyRequest another = request({});
        another.evidence.front().data = forged.quote();
        CPPUNIT_ASSERT(!verify(another).accepted);
        CPPUNIT_ASSERT(pcs_->asked.empty());
    }

    void looksIntoTheCacheOffline()
    {
        fillPcs(scene_);
        VerifyRequest offline = request({});
        offline.offline = true;
        CPPUNIT_ASSERT(verify(offline).accepted);
        CPPUNIT_ASSERT(!pcs_->asked.empty());
        for (const auto& asked : pcs_->asked)
            CPPUNIT_ASSERT(asked.cacheOnly);
    }

    void takesSetsOfOneTime()
    {
        Scene newer;
        newer.info["tcbEvaluationDataNumber"] = newer.identity["tcbEvaluationDataNumber"] = 18;
        fillPcs(scene_);
        // The cache has the TCB info of before the new evaluation, and the identity of after it.
        pcs_->answers[qeIdentityUrl(kIntelPcs)].body = bytesOf(newer.qeIdentityText());
        for (const auto& [url, answer] : pcs_->answers)
            pcs_->fresh[url] = answer.body;
        pcs_->fresh[tcbInfoUrl(kIntelPcs, scene_.platform.fmspc)] = bytesOf(newer.tcbInfoText());
        const VerifyResult result = verify(request({}));
        CPPUNIT_ASSERT(result.accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("PASS"), verdictOf(result, check_id::kFresh));
        VerifyRequest offline = request({});
        offline.offline = true;
        CPPUNIT_ASSERT_EQUAL(std::string("WARN"), verdictOf(verify(offline), check_id::kFresh));
    }

    void acceptsNothingThatItCannotJudge()
    {
        const VerifyResult none = verify(request({}));
        CPPUNIT_ASSERT(!none.accepted);
        for (const auto id : {check_id::kCrl, check_id::kTcbInfo, check_id::kQeIdentity})
            CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(none, id));
        CPPUNIT_ASSERT(find(none, check_id::kTcbInfo)->message.find("no such thing") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("PASS"), verdictOf(none, check_id::kSignature));
        fillPcs(scene_);
        for (auto& [url, answer] : pcs_->answers)
            answer = {200, bytesOf("<html>not collateral</html>"), {}, 0};
        CPPUNIT_ASSERT(!verify(request({})).accepted);
        for (auto& [url, answer] : pcs_->answers)
            answer.httpStatus = 404;
        CPPUNIT_ASSERT(!verify(request({})).accepted);
        VerifyRequest off = request({});
        off.policyJson = R"({"collateral": "off"})";
        pcs_->asked.clear();
        const VerifyResult accepted = verify(off);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(accepted.reason, true, accepted.accepted);
        CPPUNIT_ASSERT(pcs_->asked.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("SKIP"), verdictOf(accepted, check_id::kTcb));
        for (const auto id :
             {check_id::kQe, check_id::kTcbStatus}) // nobody takes it for a platform that is fine
            CPPUNIT_ASSERT_EQUAL(std::string("WARN"), verdictOf(accepted, id));
        Scene debuggable = scene_;
        debuggable.quoteTerms.qeReport = [](Bytes& report) { report[48] |= 0x02; }; // ATTRIBUTES.DEBUG
        off.evidence[0].data = debuggable.quote();
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(off), check_id::kQe));
        CPPUNIT_ASSERT(!verify(off).accepted);
    }

    void takesNoCrlThatItCannotReadForNone()
    {
        struct Row {
            CrlTerms terms;
            std::string url;
            std::size_t place; ///< among the blobs
        };
        for (const Row& row : {Row{scene_.rootCrl, rootCrlUrl(kIntelPcs), 3},
                               Row{scene_.pckCrl, pckCrlUrl(kIntelPcs, PckCa::Platform), 4}})
            for (const auto& [what, crl] : crlsOutsideTheProfile(row.terms)) {
                auto blobs = scene_.blobs(), without = blobs;
                blobs.at(row.place) = crl;
                without.erase(without.begin() + static_cast<std::ptrdiff_t>(row.place));
                VerifyRequest given = request(blobs), fetching = request(without);
                for (const char* policy : {R"({"crl": "if-present"})", R"({"crl": "required"})"}) {
                    given.policyJson = fetching.policyJson = policy;
                    pcs_->answers.clear();
                    const VerifyResult result = verify(given);
                    CPPUNIT_ASSERT_MESSAGE(what, !result.accepted && !plugin::firstFailure(result));
                    CPPUNIT_ASSERT_MESSAGE(result.reason,
                                           result.reason.find("CRL_UNREADABLE") != std::string::npos);
                    fillPcs(scene_); // of which one that is usable will do
                    CPPUNIT_ASSERT_MESSAGE(what, verify(given).accepted);
                    pcs_->answers[row.url].body = crl;
                    for (int times = 0; times < 2; ++times) { // what is kept is not better
                        const VerifyResult fetched = verify(fetching);
                        CPPUNIT_ASSERT_MESSAGE(what, !fetched.accepted && !plugin::firstFailure(fetched));
                        CPPUNIT_ASSERT_MESSAGE(fetched.reason,
                                               fetched.reason.find("CRL_UNREADABLE") != std::string::npos);
                    }
                }
                given.policyJson = R"({"crl": "off"})";
                CPPUNIT_ASSERT_MESSAGE(what, verify(given).accepted);
            }
    }

    void rejectsWhatIsNotAsked()
    {
        const Quote quote = Quote::parse(quote_);
        const auto bytes = [](const auto& array) { return Bytes(array.begin(), array.end()); };
        const auto sha384 = plugin::DigestAlg::Sha384;
        VerifyRequest right = request(scene_.blobs());
        right.reportData = bytes(quote.body.reportData);
        right.expected = {{"", sha384, bytes(quote.body.mrTd)},
                          {"RTMR1", sha384, Bytes(48, 1)},
                          {"RTMR1", sha384, bytes(quote.body.rtmr[1])},
                          {"RTMR3", sha384, bytes(quote.body.rtmr[3])},
                          {"RTMR2", sha384, bytes(quote.body.rtmr[2])}};
        right.reference = {{"tdx.td_attributes", std::string("0x10000000")},
                           {"tdx.xfam", Bytes{0xe7, 2, 6, 0, 0, 0, 0, 0}},
                           {"tdx.mr_config_id", std::string(96, '0')},
                           {"tdx.mr_owner", Bytes(48)}};
        right.policyJson = R"({"rtmr0": ")" + kit::toHex(quote.body.rtmr[0]) + "\"}";
        const VerifyResult result = verify(right);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.reason, true, result.accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("PASS"), verdictOf(result, "tdx.measurement.mrtd"));
        CPPUNIT_ASSERT_EQUAL(std::string("PASS"), verdictOf(result, check_id::kIdentity));

        struct Row {
            std::function<void(VerifyRequest&)> change;
            const char* id;
            const char* verdict;
        };
        const Row rows[] = {
            {[](auto& r) { r.reportData[63] ^= 1; }, "tdx.report_data", "FAIL"},
            {[](auto& r) { r.reportData.pop_back(); }, "tdx.report_data", "FAIL"}, // zeros follow
            {[](auto& r) { r.reportData.push_back(0); }, "tdx.report_data", "ERROR"},
            {[](auto& r) { r.expected[0].digest[0] ^= 1; }, "tdx.measurement.mrtd", "FAIL"},
            {[](auto& r) { r.expected[2].digest[0] ^= 1; }, "tdx.measurement.rtmr1", "FAIL"},
            {[](auto& r) { r.expected[3].digest[0] ^= 1; }, "tdx.measurement.rtmr3", "FAIL"},
            {[](auto& r) { r.expected[3].name = "RTMR4"; }, "tdx.measurement.unknown", "ERROR"},
            {[](auto& r) { r.expected[3].name = "mr_owner"; }, "tdx.measurement.unknown", "ERROR"},
            {[](auto& r) { r.reference[0].value = std::string("0x10000001"); }, "tdx.reference.td_attributes",
             "FAIL"},
            {[](auto& r) { r.reference[0].value = std::string("nothing"); }, "tdx.reference.unknown",
             "ERROR"},
            {[](auto& r) { r.reference[1].value = Bytes(7); }, "tdx.reference.xfam", "FAIL"},
            {[](auto& r) { r.reference[2].key = "tdx.other"; }, "tdx.reference.unknown", "ERROR"},
            {[](auto& r) { r.reference[2].key = "mr_owner"; }, "tdx.reference.unknown", "ERROR"},
            {[](auto& r) { r.policyJson = R"({"rtmr0": ")" + std::string(96, '0') + "\"}"; },
             "tdx.policy.rtmr0", "FAIL"},
            {[](auto& r) { r.evidence[0].data[offset::kBody + field::kMrTd] ^= 1; }, "tdx.quote.signature",
             "FAIL"},
            {[](auto& r) { r.evidence[0].data.resize(1000); }, "tdx.quote.form", "ERROR"},
            {[](auto& r) { r.atWallNs += 2 * kYear * 1'000'000'000; }, "tdx.chain.validity", "FAIL"},
            {[](auto& r) { r.atWallNs += 40ll * 86'400 * 1'000'000'000; }, "tdx.collateral.fresh", "ERROR"}};
        for (const Row& row : rows) {
            VerifyRequest wrong = right;
            row.change(wrong);
            const VerifyResult rejected = verify(wrong);
            CPPUNIT_ASSERT_MESSAGE(row.id, !rejected.accepted);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.id, std::string(row.verdict), verdictOf(rejected, row.id));
        }
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
        };
        const auto data = [](VerifyRequest& r) -> Bytes& { return r.evidence.front().data; };
        const auto scene = [this](auto change) {
            return [this, change](VerifyRequest& r) {
                Scene other = scene_;
                change(other);
                r.collateral = request(other.blobs()).collateral;
                r.evidence.front().data = other.quote();
            };
        };
        const auto document = [&](const char* path, Json value) {
            return scene([=](Scene& s) { s.info[Json::json_pointer(path)] = value; });
        };
        const Row rows[] = {
            {"cut", Blame::Evidence, [&](auto& r) { data(r).resize(1000); }},
            {"text", Blame::Evidence, [&](auto& r) { data(r) = bytesOf("hello"); }},
            {"a report of SEV-SNP", Blame::Evidence, [&](auto& r) { data(r) = Bytes(1184, 2); }},
            {"another version", Blame::Evidence, [&](auto& r) { data(r)[0] = 9; }},
            {"another TEE", Blame::Evidence, [&](auto& r) { data(r)[4] = 0; }},
            {"a chain that is cut", Blame::Evidence,
             [&](auto& r) {
                 data(r) = makeQuote(scene_.quoteTerms, hierarchy(), pem(makeCertificate(scene_.pckTerms)));
             }},
            {"another measurement", Blame::Vm, [&](auto& r) { data(r)[offset::kBody + field::kMrTd] ^= 1; }},
            {"another signature", Blame::Vm, [&](auto& r) { data(r)[offset::kSignature] ^= 1; }},
            {"another nonce", Blame::Vm, [](auto& r) { r.reportData = Bytes(64, 9); }},
            {"a nonce that is too long", Blame::Operator, [](auto& r) { r.reportData = Bytes(65, 9); }},
            {"another MRTD", Blame::Vm,
             [](auto& r) {
                 r.expected = {{"MRTD", plugin::DigestAlg::Sha384, Bytes(48, 1)}};
             }},
            {"a digest of another length", Blame::Operator,
             [](auto& r) {
                 r.expected = {{"MRTD", plugin::DigestAlg::Sha256, Bytes(32, 1)}};
             }},
            {"an unknown register", Blame::Operator,
             [](auto& r) {
                 r.expected = {{"PCR4", plugin::DigestAlg::Sha384, Bytes(48, 1)}};
             }},
            {"a value of another plugin", Blame::Operator,
             [](auto& r) {
                 r.reference = {{"snp.policy", std::string("1")}};
             }},
            {"no collateral", Blame::Operator, [](auto& r) { r.collateral.clear(); }},
            {"collateral of a month ago", Blame::Operator,
             [](auto& r) { r.atWallNs += 40ll * 86'400 * 1'000'000'000; }},
            {"TCB info of another platform", Blame::Operator, document("/fmspc", "B0C06F000001")},
            {"TCB info of another PCE", Blame::Operator, document("/pceId", "0001")},
            {"TCB info that was changed", Blame::Operator,
             [](auto& r) {
                 auto& blob = r.collateral.front().data;
                 const std::string_view status = "UpToDate";
                 *std::search(blob.begin(), blob.end(), status.begin(), status.end()) = 'u';
             }},
            {"a CRL that is old", Blame::Operator, scene([](Scene& s) { s.pckCrl.validity.to = kNow - 1; })},
            {"a CRL of somebody else", Blame::Operator,
             scene([](Scene& s) { s.pckCrl.signer = hierarchy().signerKey; })},
            {"newer collateral is wanted", Blame::Operator,
             [](auto& r) { r.policyJson = R"({"min_tcb_evaluation_data_number": 4000})"; }},
            {"a PCK that is revoked", Blame::Vm, scene([](Scene& s) { s.pckCrl.revoked = {0x1000}; })},
            {"one that an old CRL revokes", Blame::Vm, scene([](Scene& s) {
                 s.pckCrl.revoked = {0x1000};
                 s.pckCrl.validity.to = kNow - 1;
             })},
            {"a platform that is too old", Blame::Vm, scene([](Scene& s) {
                 Platform old;
                 old.components[7] = 3;
                 s.usePlatform(old);
             })},
            {"a root that is not trusted", Blame::Vm, [](auto& r) { r.anchors.clear(); }},
        };
        for (const Row& row : rows) {
            VerifyRequest changed = request(scene_.blobs());
            changed.offline = true;
            row.change(changed);
            const VerifyResult result = verify(changed);
            const Blame blame = plugin::firstFailure(result) != nullptr ? Blame::Vm
                                : plugin::firstUnfit(result) != nullptr ? Blame::Evidence
                                                                        : Blame::Operator;
            CPPUNIT_ASSERT_MESSAGE(row.what, !result.accepted);
            CPPUNIT_ASSERT_MESSAGE(std::string(row.what) + ": " + result.reason, blame == row.blame);
        }
    }

    /// A TD gets its quote in a buffer that it shares with its host, and tools keep that whole.
    void readsQuotesInTheirBuffer()
    {
        VerifyRequest whole = request(scene_.blobs());
        Bytes buffer(24);
        buffer[0] = 1;
        for (int i = 0; i < 4; ++i)
            buffer[20 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(quote_.size() >> (8 * i));
        buffer.insert(buffer.end(), quote_.begin(), quote_.end());
        buffer.resize(16384);
        whole.evidence.front().data = buffer;
        const VerifyResult result = verify(whole);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.reason, true, result.accepted);
        CPPUNIT_ASSERT(plugin_->recognise({"", buffer}) > 90);
        buffer[8] = 1; // the host has none
        CPPUNIT_ASSERT_EQUAL(0, plugin_->recognise({"", buffer}));
    }

    void saysTheCodeOfAFailure()
    {
        VerifyRequest wrong = request(scene_.blobs());
        wrong.evidence[0].data[offset::kSignature] ^= 1;
        const VerifyResult result = verify(wrong);
        CPPUNIT_ASSERT(find(result, check_id::kSignature)->message.ends_with(" (QUOTE_SIG)"));
        CPPUNIT_ASSERT(find(result, check_id::kSignature)->hint.find("fresh nonce") != std::string::npos);
        wrong.evidence[0].data.resize(100);
        CPPUNIT_ASSERT(find(verify(wrong), check_id::kForm)->message.ends_with(" (TRUNCATED)"));
    }

    void saysWhenNothingIsCompared()
    {
        const VerifyResult result = verify(request(scene_.blobs()));
        CPPUNIT_ASSERT_EQUAL(std::string("WARN"), verdictOf(result, check_id::kIdentity));
        VerifyRequest empty = request(scene_.blobs());
        empty.policyJson = "{}";
        CPPUNIT_ASSERT_EQUAL(std::string("PASS"), verdictOf(verify(empty), "tdx.policy.rules"));
        CPPUNIT_ASSERT_EQUAL(std::string("WARN"), verdictOf(verify(empty), check_id::kIdentity));
        // The firmware alone may have booted anything.
        const Quote quote = Quote::parse(quote_);
        const auto given = [&](const char* name, const auto& value) {
            empty.expected.push_back({name, plugin::DigestAlg::Sha384, Bytes(value.begin(), value.end())});
            return find(verify(empty), check_id::kIdentity)->message;
        };
        CPPUNIT_ASSERT(given("MRTD", quote.body.mrTd).starts_with("only the firmware is compared"));
        CPPUNIT_ASSERT(given("RTMR1", quote.body.rtmr[1]).starts_with("only the firmware is compared"));
        CPPUNIT_ASSERT(given("RTMR2", quote.body.rtmr[2]).find("kernel") != std::string::npos);
    }

    void keepsWhatItKnows()
    {
        const VerifyRequest first = request(scene_.blobs());
        CPPUNIT_ASSERT(verify(first).accepted);
        CPPUNIT_ASSERT(verify(first).accepted);
        // What is kept is worth no more than it was: another time, root, quote, collateral.
        auto later = first;
        later.atWallNs += 2 * kYear * 1'000'000'000;
        CPPUNIT_ASSERT(!verify(later).accepted);
        auto byIntel = first;
        byIntel.anchors.clear();
        CPPUNIT_ASSERT(!verify(byIntel).accepted);
        auto changed = first;
        changed.evidence.front().data[0x90] ^= 1;
        CPPUNIT_ASSERT(!verify(changed).accepted);
        Scene revoked;
        revoked.pckCrl.revoked = {0x1000};
        CPPUNIT_ASSERT(!verify(request(revoked.blobs())).accepted);
        static const Hierarchy theirs;
        auto forged = first; // a quote of another hierarchy, beside collateral that is known and good
        forged.evidence.front().data =
            makeQuote({}, theirs, chainText(theirs, makeCertificate(theirs.pckTerms())));
        CPPUNIT_ASSERT(!verify(forged).accepted);
        CPPUNIT_ASSERT(verify(first).accepted);
    }

    void refusesWhatItDoesNotUnderstand()
    {
        const auto refused = [&](auto&& change, const char* words) {
            VerifyRequest wrong = request(scene_.blobs());
            change(wrong);
            plugin::test::expectError(Category::InvalidArgument, words,
                                      [&] { static_cast<void>(verify(wrong)); });
        };
        refused([](auto& r) { r.evidence.push_back(r.evidence.front()); }, "one quote");
        refused([](auto& r) { r.evidence.clear(); }, "one quote");
        refused([](auto& r) { r.policyJson = R"({"mrtd": "00"})"; }, "mrtd");
        refused([](auto& r) { r.collateral.push_back({"", {1, 2, 3}}); }, "cannot be read");
        refused([](auto& r) { r.anchors.push_back({"", {1, 2, 3}}); }, "cannot be read");
        refused([&](auto& r) { r.anchors = {{"", makeCrl(scene_.rootCrl).der()}}; }, "no certificate");
    }

    void claimsWithoutVerifying()
    {
        Bytes changed = quote_;
        changed[offset::kBody + field::kMrTd] ^= 1;
        const auto claims = plugin_->inspect({}, {"", changed});
        const auto it =
            std::find_if(claims.begin(), claims.end(), [](const auto& c) { return c.key == "tdx.mr_td"; });
        CPPUNIT_ASSERT(it != claims.end());
        CPPUNIT_ASSERT_EQUAL(std::size_t{48}, std::get<plugin::Bytes>(it->value).size());
        CPPUNIT_ASSERT(plugin_->recognise({"", changed}) > 90);
        CPPUNIT_ASSERT(plugin_->recognise({"tdx.quote", changed}) > 90);
        CPPUNIT_ASSERT_EQUAL(0, plugin_->recognise({"snp.report", changed}));
        CPPUNIT_ASSERT_EQUAL(0, plugin_->recognise({"", Bytes(1184, 2)}));
        plugin::test::expectError(Category::InvalidArgument, "TRUNCATED", [&] {
            static_cast<void>(plugin_->inspect({}, {"", {4, 0}}));
        });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PluginTest);

} // namespace
} // namespace teehost::tdx::test
