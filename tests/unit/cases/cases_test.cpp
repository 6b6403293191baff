// SPDX-License-Identifier: Apache-2.0
//
// teehost-cases says of each case whether it came out as stated. A case that states what the program does not
// look at must not count as passed.
#include <fstream>

#include <cppunit/extensions/HelperMacros.h>

#include "cases/case.h"
#include "tests/unit/cli/temporary_directory.h"

namespace teehost::cases {
namespace {

class CasesTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CasesTest);
    CPPUNIT_TEST(passesWhatComesOutAsStated);
    CPPUNIT_TEST(refusesWhatItDoesNotKnow);
    CPPUNIT_TEST(refusesWhatTheRunnerDidNotUse);
    CPPUNIT_TEST(refusesRolesThatTheKindsOfTheProductDoNotHave);
    CPPUNIT_TEST(givesAVlekNoAddressOfItsOwn);
    CPPUNIT_TEST_SUITE_END();

    cli::test::TemporaryDirectory directory_;

    /// A kind that takes a quote and, where there is one, a log.
    static Runners runners()
    {
        return {{"thing",
                 {[](const Case& item) {
                      static_cast<void>(item.rolePath("quote"));
                      if (item.flag("look_at_log"))
                          static_cast<void>(item.rolePath("log"));
                      Outcome out{!item.flag("bad"), {"reason"}, "for people", Json{{"value", 5}}};
                      if (item.has("result"))
                          out.values["result"] = item.text("result");
                      return out;
                  },
                  {"quote", "log"}}}};
    }
    std::vector<std::string> run(const char* json, const Runners& with = runners()) const
    {
        return runCase(Case(Json::parse(json), directory_.path()), with);
    }
    void expectPassed(const char* json) const
    {
        const auto found = run(json);
        CPPUNIT_ASSERT_MESSAGE(found.empty() ? json : found.front(), found.empty());
    }
    void expectFailed(const char* json, const std::string& why, const Runners& with = runners()) const
    {
        const auto found = run(json, with);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(json, std::size_t{1}, found.size());
        CPPUNIT_ASSERT_MESSAGE(found.front(), found.front().find(why) != std::string::npos);
    }

    void passesWhatComesOutAsStated()
    {
        expectPassed(R"({"kind": "thing"})");
        expectPassed(R"({"kind": "thing", "files": {"quote": "q"}, "expect": {"result": "ok", "value": 5}})");
        expectPassed(
            R"({"kind": "thing", "files": {"quote": "q", "log": "l"}, "inputs": {"look_at_log": true}})");
        expectPassed(R"({"kind": "thing", "files": ["q", "something else"], "inputs": {"for_people": 1}})");
        for (const char* bad : {R"({"result": "error"})", R"({"result": "fail", "reason": "reason"})",
                                R"({"ok": false})", R"({"parses": null})"})
            expectPassed((R"({"kind": "thing", "inputs": {"bad": true}, "expect": )" + std::string(bad) + "}")
                             .c_str());
        expectPassed(R"({"kind": "thing", "inputs": {"result": "ok-without-collateral"},
                         "expect": {"result": "ok-without-collateral"}})");
    }

    void refusesWhatItDoesNotKnow()
    {
        expectFailed(R"({"kind": "nothing"})", "nobody knows cases");
        expectFailed(R"({"kind": "thing", "files": {"quote": "q", "pck_chain": "c"}})",
                     "the role \"pck_chain\"");
        expectFailed(R"({"kind": "thing", "files": {"quote": ["q"]}})", "not named by a text");
        for (const char* result : {"\"okay\"", "\"rejected\"", "\"\"", "5", "null"})
            expectFailed((R"({"kind": "thing", "expect": {"result": )" + std::string(result) + "}}").c_str(),
                         "the result " + std::string(result) + " is not known");
        expectFailed(R"({"kind": "thing", "expect": {"ok": "yes"}})", "neither true, false nor null");
        expectFailed(R"({"kind": "thing", "expect": {"reasons": ["x"]}})",
                     "reasons: expected [\"x\"], came out null");
    }

    void refusesWhatTheRunnerDidNotUse()
    {
        expectFailed(R"({"kind": "thing", "files": {"quote": "q", "log": "l"}})",
                     "the role \"log\" was not used");
        expectFailed(R"({"kind": "thing", "inputs": {"mutate_quote": [{"offset": 1, "xor": 1}]}})",
                     "the changes of \"mutate_quote\" were not made");
        expectFailed(R"({"kind": "thing", "expect": {"result": "ok-without-collateral"}})",
                     "expected \"ok-without-collateral\", came out \"ok\"");
        expectFailed(
            R"({"kind": "thing", "inputs": {"result": "ok-without-collateral"}, "expect": {"result": "ok"}})",
            "expected \"ok\", came out \"ok-without-collateral\"");
    }

    void refusesRolesThatTheKindsOfTheProductDoNotHave()
    {
        Runners all;
        addSevSnpCases(all);
        addTdxMeasureCases(all);
        addTdxQuoteCases(all);
        addVtpmCases(all, [](const Case&) { return Json::object(); });
        CPPUNIT_ASSERT(all.size() > 15);
        for (const auto& [name, kind] : all)
            expectFailed(Json{{"kind", name}, {"files", {{"unheard_of", "f"}}}}.dump().c_str(), "unheard_of",
                         all);
    }

    /// AMD's service has chains and CRLs for VLEKs, but hands the certificates to providers alone.
    void givesAVlekNoAddressOfItsOwn()
    {
        Runners all;
        addSevSnpCases(all);
        constexpr std::size_t kReportBytes = 0x4A0,
                              kSigningKeyAt = 0x48; // AMD 56860, table "ATTESTATION_REPORT"
        std::string report(kReportBytes, '\0');
        report[0] = 2;    // VERSION
        report[0x0A] = 3; // POLICY: bits 16 and 17
        report[0x34] = 1; // SIGNATURE_ALGO
        for (const bool isVlek : {false, true}) {
            report[kSigningKeyAt] = isVlek ? 1 << 2 : 0;
            std::ofstream(directory_.path() / "report.bin", std::ios::binary) << report;
            const auto found =
                run(R"({"kind": "kds-url", "inputs": {"report": "report.bin", "product": "Milan"},
                                       "expect": {"vek": null}})",
                    all);
            CPPUNIT_ASSERT_MESSAGE(found.empty() ? "" : found.front(), found.empty() == isVlek);
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CasesTest);

} // namespace
} // namespace teehost::cases
