// SPDX-License-Identifier: Apache-2.0
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/plugin/acceptance.h"
#include "support.h"

namespace teehost::plugin::test {

namespace {

CheckSpec always(const std::string& id)
{
    CheckSpec spec{id, id};
    spec.required = true;
    return spec;
}

CheckResult result(const std::string& id, Verdict verdict)
{
    CheckResult check;
    check.id = id;
    check.verdict = verdict;
    check.message = verdict == Verdict::Pass ? "" : "because";
    return check;
}

} // namespace

class AcceptanceTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AcceptanceTest);
    CPPUNIT_TEST(acceptsOnlyWhenEachRequiredCheckPassedOnce);
    CPPUNIT_TEST(requiresWhatTheRequestAskedFor);
    CPPUNIT_TEST(refusesToAskAPluginThatLooksAwayFromPartOfTheRequest);
    CPPUNIT_TEST(prefersTheOwnDeclarationOfACheckToThatOfItsFamily);
    CPPUNIT_TEST(completesAProbeWithWhatWasNotReported);
    CPPUNIT_TEST_SUITE_END();

    void acceptsOnlyWhenEachRequiredCheckPassedOnce()
    {
        const std::vector<CheckSpec> declared{always("sig"), CheckSpec{"age", "age"}, always("pcr.*")};
        using Reported = std::vector<CheckResult>;
        struct Row {
            const char* name;
            Reported reported;
            std::string reason; // empty: accepted
        };
        const Row rows[] = {
            {"all pass", {result("sig", Verdict::Pass), result("pcr.1", Verdict::Pass)}, ""},
            {"optional warns",
             {result("sig", Verdict::Pass), result("pcr.1", Verdict::Pass), result("age", Verdict::Warn)},
             ""},
            {"optional skips",
             {result("sig", Verdict::Pass), result("pcr.1", Verdict::Pass), result("age", Verdict::Skip)},
             ""},
            {"optional fails",
             {result("sig", Verdict::Pass), result("pcr.1", Verdict::Pass), result("age", Verdict::Fail)},
             "check age is FAIL"},
            {"optional is an error",
             {result("sig", Verdict::Pass), result("pcr.1", Verdict::Pass), result("age", Verdict::Error)},
             "check age is ERROR"},
            {"nothing reported", {}, "required check sig was not reported"},
            {"required missing", {result("pcr.1", Verdict::Pass)}, "required check sig was not reported"},
            {"family missing", {result("sig", Verdict::Pass)}, "required check pcr.* was not reported"},
            {"required skips",
             {result("sig", Verdict::Skip), result("pcr.1", Verdict::Pass)},
             "required check sig is SKIP"},
            {"required warns",
             {result("sig", Verdict::Warn), result("pcr.1", Verdict::Pass)},
             "required check sig is WARN"},
            {"required unset",
             {result("sig", Verdict::Unset), result("pcr.1", Verdict::Pass)},
             "check sig is UNSET"},
            {"required twice",
             {result("sig", Verdict::Pass), result("sig", Verdict::Pass), result("pcr.1", Verdict::Pass)},
             "check sig was reported more than once"},
            {"optional twice",
             {result("sig", Verdict::Pass), result("pcr.1", Verdict::Pass), result("age", Verdict::Pass),
              result("age", Verdict::Pass)},
             "check age was reported more than once"},
            {"one of the family fails",
             {result("sig", Verdict::Pass), result("pcr.1", Verdict::Pass), result("pcr.2", Verdict::Fail)},
             "check pcr.2 is FAIL"},
            {"a member of the family twice",
             {result("sig", Verdict::Pass), result("pcr.1", Verdict::Pass), result("pcr.1", Verdict::Pass)},
             "check pcr.1 was reported more than once"},
        };
        for (const Row& row : rows) {
            const VerifyResult answer = judge(declared, {}, row.reported, {});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.name, row.reason.empty(), answer.accepted);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.name, row.reason, answer.reason.substr(0, row.reason.size()));
        }
        const VerifyResult nothing = judge({CheckSpec{"age", "age"}}, {}, {result("age", Verdict::Pass)}, {});
        CPPUNIT_ASSERT(!nothing.accepted);
    }

    void requiresWhatTheRequestAskedFor()
    {
        CheckSpec nonce{"nonce", "nonce"};
        nonce.ifReportData = true;
        const std::vector<CheckSpec> declared{always("sig"), nonce};
        VerifyRequest request;
        CPPUNIT_ASSERT(judge(declared, request, {result("sig", Verdict::Pass)}, {}).accepted);
        CPPUNIT_ASSERT(
            judge(declared, request, {result("sig", Verdict::Pass), result("nonce", Verdict::Skip)}, {})
                .accepted);
        request.reportData = {1, 2, 3};
        CPPUNIT_ASSERT(!judge(declared, request, {result("sig", Verdict::Pass)}, {}).accepted);
        CPPUNIT_ASSERT(
            !judge(declared, request, {result("sig", Verdict::Pass), result("nonce", Verdict::Skip)}, {})
                 .accepted);
        CPPUNIT_ASSERT(
            judge(declared, request, {result("sig", Verdict::Pass), result("nonce", Verdict::Pass)}, {})
                .accepted);
    }

    void refusesToAskAPluginThatLooksAwayFromPartOfTheRequest()
    {
        const std::vector<CheckSpec> declared{always("sig")};
        expectLooksAtAll(declared, {});
        VerifyRequest nonce;
        nonce.reportData = {1};
        expectError(Category::Unimplemented, "report data", [&] { expectLooksAtAll(declared, nonce); });
        VerifyRequest expected;
        expected.expected = {{"PCR0", DigestAlg::Sha256, Bytes(32)}};
        expectError(Category::Unimplemented, "expected registers",
                    [&] { expectLooksAtAll(declared, expected); });
        VerifyRequest reference;
        reference.reference = {{"svn", std::uint64_t{3}}};
        expectError(Category::Unimplemented, "reference values",
                    [&] { expectLooksAtAll(declared, reference); });
        VerifyRequest policy;
        policy.policyJson = "{}";
        expectError(Category::Unimplemented, "policy", [&] { expectLooksAtAll(declared, policy); });
    }

    void prefersTheOwnDeclarationOfACheckToThatOfItsFamily()
    {
        const std::vector<CheckSpec> declared{{"pcr.*", "any"}, {"pcr.7", "seven"}};
        CPPUNIT_ASSERT_EQUAL(std::string("seven"), findSpec(declared, "pcr.7")->title);
        CPPUNIT_ASSERT_EQUAL(std::string("any"), findSpec(declared, "pcr.8")->title);
        CPPUNIT_ASSERT(findSpec(declared, "pcr.") == nullptr);
        CPPUNIT_ASSERT(findSpec(declared, "pcr") == nullptr);
        CPPUNIT_ASSERT(findSpec(declared, "pcrs.1") == nullptr);
    }

    void completesAProbeWithWhatWasNotReported()
    {
        const std::vector<CheckSpec> declared{always("a"), CheckSpec{"b", "b"}, always("c"), always("d")};
        const auto checks = completeProbe(
            declared, {result("a", Verdict::Warn), result("d", Verdict::Pass), result("d", Verdict::Pass)});
        CPPUNIT_ASSERT_EQUAL(std::size_t(4), checks.size());
        CPPUNIT_ASSERT(checks[0].id == "a" && checks[0].required && !checks[0].blocks());
        CPPUNIT_ASSERT(checks[1].id == "d" && checks[1].verdict == Verdict::Error && checks[1].blocks());
        CPPUNIT_ASSERT(checks[2].id == "b" && checks[2].verdict == Verdict::Skip && !checks[2].blocks());
        CPPUNIT_ASSERT(checks[3].id == "c" && checks[3].verdict == Verdict::Error && checks[3].blocks());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AcceptanceTest);

} // namespace teehost::plugin::test
