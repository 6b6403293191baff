// SPDX-License-Identifier: Apache-2.0
//
// What the verifications of attesters share: times, DER, issuers, caches, policies.
#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/bound_data.h>
#include <teehost/kit/der.h>
#include <teehost/kit/json.h>
#include <teehost/kit/lru_cache.h>
#include <teehost/kit/policy_json.h>
#include <teehost/kit/x509.h>

#include "x509_factory/x509_factory.h"

namespace teehost::kit {
namespace {

struct Example {
    std::uint64_t number = 0;
    std::optional<bool> answer;
    std::vector<Bytes> digests;
    int mode = 0;
};

int mode(const std::string& key, const Json& value)
{
    using Word = policy::Word<int>;
    static constexpr std::array kWords{Word{"off", 1}, Word{"on", 2}};
    return policy::choice<int>(key, value, kWords);
}

const PolicyRules<Example>& rules()
{
    static const PolicyRules<Example> kRules{
        {"number", ruleOf(&Example::number, policy::upTo(300))},
        {"answer", ruleOf(&Example::answer, policy::flag)},
        {"digests", listRule(&Example::digests, policy::padded(4, 2))},
        {"mode", ruleOf(&Example::mode, mode)},
        {"inner",
         [](Example& e, const std::string& key, const Json& value) { rules().read(e, value, key); }}};
    return kRules;
}

class VerificationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VerificationTest);
    CPPUNIT_TEST(writesAndReadsTimes);
    CPPUNIT_TEST(readsOnlyTheOneFormOfDer);
    CPPUNIT_TEST(tellsWhoMayIssueAndWhoDid);
    CPPUNIT_TEST(comparesBoundData);
    CPPUNIT_TEST(keepsWhatWasUsedLast);
    CPPUNIT_TEST(readsJsonOfOthers);
    CPPUNIT_TEST(readsPolicies);
    CPPUNIT_TEST_SUITE_END();

    void writesAndReadsTimes()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("2025-06-19T10:16:03Z"), timeText(1'750'328'163));
        for (const UnixSeconds at : {UnixSeconds{0}, UnixSeconds{951'782'399}, UnixSeconds{1'750'328'163}})
            CPPUNIT_ASSERT(timeFromText(timeText(at)) == at);
        for (const char* text :
             {"", "2025-06-19", "2025-06-19T10:16:03", "2025-06-19T10:16:03+00:00", "2025-06-19 10:16:03Z",
              "2025-02-30T00:00:00Z", "2025-13-01T00:00:00Z", "2025-01-01T24:00:00Z", "1969-12-31T23:59:59Z",
              "2025-06-19T10:16:3xZ", "+025-06-19T10:16:03Z"})
            CPPUNIT_ASSERT_MESSAGE(text, !timeFromText(text));
    }

    void readsOnlyTheOneFormOfDer()
    {
        const auto in = [](const Bytes& der) { return DerReader(der, "example"); };
        const Bytes nested{0x30, 0x0a, 0x06, 0x03, 0x2a, 0x86, 0x48, 0x02, 0x01, 0x05, 0x04, 0x00};
        DerReader outer = in(nested);
        DerReader list = outer.sequence();
        CPPUNIT_ASSERT(outer.done());
        CPPUNIT_ASSERT_EQUAL(std::string("1.2.840"), list.oid());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, list.integer(5));
        CPPUNIT_ASSERT(list.octets().empty() && list.done());
        const std::vector<std::pair<Bytes, std::uint64_t>> numbers{
            {{2, 1, 0}, 0}, {{2, 1, 0x7f}, 127}, {{2, 2, 0, 0x80}, 128}, {{2, 2, 1, 0}, 256}};
        for (const auto& [der, number] : numbers)
            CPPUNIT_ASSERT_EQUAL(number, in(der).integer(256));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, in({0x0a, 1, 2}).enumerated(2));
        CPPUNIT_ASSERT(in({1, 1, 0xff}).boolean() && !in({1, 1, 0}).boolean());
        for (const Bytes& bad : std::vector<Bytes>{{},
                                                   {2},
                                                   {2, 1},
                                                   {2, 0},             // no digits
                                                   {2, 1, 0x80},       // negative
                                                   {2, 2, 0, 0x7f},    // padded
                                                   {2, 2, 1, 1},       // above 256
                                                   {2, 0x81, 1, 1},    // a long length
                                                   {2, 0x80, 1, 0, 0}, // an indefinite length
                                                   {2, 0x84, 0, 0, 0, 1, 1},
                                                   {4, 1, 1}, // another tag
                                                   {2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0}})
            CPPUNIT_ASSERT_THROW(static_cast<void>(in(bad).integer(256)), ParseError);
        for (const Bytes& bad : std::vector<Bytes>{{6, 0}, {6, 1, 0x80}, {6, 2, 0x2a, 0x86}, {6, 2, 0x80, 1}})
            CPPUNIT_ASSERT_THROW(static_cast<void>(in(bad).oid()), ParseError);
        CPPUNIT_ASSERT_EQUAL(std::string("2.999.3"), in({6, 3, 0x88, 0x37, 3}).oid()); // X.690, 8.19.5
        CPPUNIT_ASSERT_THROW(static_cast<void>(in({1, 1, 1}).boolean()), ParseError);
        CPPUNIT_ASSERT_THROW(static_cast<void>(in({0x16, 1, 7}).ia5()), ParseError);
    }

    void tellsWhoMayIssueAndWhoDid()
    {
        using namespace x509_factory;
        const Key key = makeEcKey("P-256"), other = makeEcKey("P-256");
        const auto issuer = makeCertificate({"ca", "ca", key, key, true});
        CPPUNIT_ASSERT(issuer.mayIssue() && issuer.hasEcdsaSha256Signature() && issuer.isIssuedBy(issuer));
        CertificateTerms terms{"leaf", "ca", other, key};
        const auto leaf = makeCertificate(terms);
        CPPUNIT_ASSERT(!leaf.mayIssue() && leaf.isIssuedBy(issuer) && !issuer.isIssuedBy(leaf));
        terms.digest = "SHA384";
        CPPUNIT_ASSERT(!makeCertificate(terms).hasEcdsaSha256Signature());
        terms.signer = other;
        CPPUNIT_ASSERT(!makeCertificate(terms).isIssuedBy(issuer));
        terms.signer = key;
        terms.issuer = "another";
        CPPUNIT_ASSERT(!makeCertificate(terms).isIssuedBy(issuer));
        CertificateTerms signsCrls{"ca", "ca", key, key, true};
        signsCrls.keyUsage = "cRLSign";
        CPPUNIT_ASSERT(!makeCertificate(signsCrls).mayIssue());
        const auto crl = makeCrl({"ca", key, {0, 1}, {1, 2, 3}});
        CPPUNIT_ASSERT_EQUAL(std::string("ca"), crl.issuerCommonName());
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, crl.revokedCount());
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, makeCrl({"ca", key}).revokedCount());
    }

    void comparesBoundData()
    {
        Bytes bound(64);
        bound[0] = 7;
        CPPUNIT_ASSERT(boundDataCheck("id", "why", Bytes{7}, bound).outcome == Outcome::Pass);
        CPPUNIT_ASSERT(boundDataCheck("id", "why", bound, bound).outcome == Outcome::Pass);
        for (const Bytes& wrong : {Bytes{8}, Bytes{7, 1}, Bytes(65)}) {
            const CheckLine line = boundDataCheck("id", "why", wrong, bound);
            // No report could bind as many bytes: who asks for them is wrong, and not the report.
            CPPUNIT_ASSERT(line.outcome == (wrong.size() > bound.size() ? Outcome::Error : Outcome::Fail));
            CPPUNIT_ASSERT_EQUAL(std::string("why"), line.reason);
        }
    }

    void keepsWhatWasUsedLast()
    {
        LruCache<int> cache(2);
        const auto key = [](std::string_view text) { return ContentKey().add(viewOf(text)).finish(); };
        cache.keep(key("a"), std::make_shared<int>(1));
        cache.keep(key("b"), std::make_shared<int>(2));
        CPPUNIT_ASSERT_EQUAL(1, *cache.find(key("a")));
        cache.keep(key("c"), std::make_shared<int>(3));
        CPPUNIT_ASSERT(cache.find(key("a")) && !cache.find(key("b")) && cache.find(key("c")));
        CPPUNIT_ASSERT(ContentKey().add(viewOf("ab")).add({}).finish() !=
                       ContentKey().add(viewOf("a")).add(viewOf("b")).finish());
    }

    void readsJsonOfOthers()
    {
        const auto nested = [](std::size_t depth) {
            return std::string(depth, '[') + std::string(depth, ']');
        };
        CPPUNIT_ASSERT(parseJson(R"({"a": {"b": 1}, "b": [{"a": 1}, {"a": 2}]})", "it").is_object());
        CPPUNIT_ASSERT(parseJson(nested(32), "it").is_array());
        for (const std::string& wrong :
             {std::string(), std::string("{} {}"), std::string(R"({"a": 1, "\u0061": 2})"), nested(33),
              nested(100'000), std::string("[\"\xff\"]"), std::string("[1,]")})
            CPPUNIT_ASSERT_THROW_MESSAGE(wrong.substr(0, 40), static_cast<void>(parseJson(wrong, "it")),
                                         ParseError);
    }

    void readsPolicies()
    {
        const auto read = [](std::string_view json) {
            Example out;
            rules().read(out, policy::document(json));
            return out;
        };
        const Example all =
            read(R"({"number": "0x10", "answer": false, "digests": ["01020304", "05ff"], "mode": "on"})");
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{16}, all.number);
        CPPUNIT_ASSERT(all.answer == false && all.mode == 2);
        CPPUNIT_ASSERT(all.digests == std::vector<Bytes>({{1, 2, 3, 4}, {5, 0xff, 0, 0}}));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, read(R"({"inner": {"number": 3}})").number);
        for (const char* wrong :
             {"", "[]", "{", R"({"nmber": 1})", R"({"number": 301})", R"({"number": -1})",
              R"({"number": 1.5})", R"({"number": "0x"})", R"({"number": "1 "})", R"({"answer": 1})",
              R"({"digests": []})", R"({"digests": "010203"})", R"({"digests": ["0102", 1]})",
              R"({"mode": "of"})", R"({"mode": 1})", R"({"number": 1, "number": 2})",
              R"({"inner": {"answer": true, "answer": true}})", R"({"inner": 1})",
              R"({"inner": {"innr": 1}})"})
            CPPUNIT_ASSERT_THROW_MESSAGE(wrong, static_cast<void>(read(wrong)), InputError);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(VerificationTest);

} // namespace
} // namespace teehost::kit
