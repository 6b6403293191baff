// SPDX-License-Identifier: Apache-2.0
#include <teehost/kit/input_error.h>

#include "tdx/quote/checks.h"
#include "tdx_quote/scene.h"

namespace teehost::tdx::test {
namespace {

/// The reason of the first check that fails or is undecided; empty when all are well.
std::string judge(const Scene& scene, const std::string& json)
{
    const Policy policy = Policy::parse(json);
    const Bytes bytes = scene.quote();
    const Quote quote = Quote::parse(bytes);
    const Verified verified = scene.verify();
    const TcbVerdict* tcb = verified.tcb ? &*verified.tcb : nullptr;
    auto lines = appraiseDefaults(quote.body, tcb, policy, scene.at);
    for (auto& line : appraisePolicy(quote, tcb, policy))
        lines.push_back(std::move(line));
    for (const auto& line : lines)
        if (line.outcome == kit::Outcome::Fail || line.outcome == kit::Outcome::Error)
            return line.reason;
    return "";
}

class PolicyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PolicyTest);
    CPPUNIT_TEST(judgesAttributesByDefault);
    CPPUNIT_TEST(judgesXfam);
    CPPUNIT_TEST(judgesServiceTds);
    CPPUNIT_TEST(comparesEveryField);
    CPPUNIT_TEST(judgesStatuses);
    CPPUNIT_TEST(judgesAdvisoriesAndNumbers);
    CPPUNIT_TEST(refusesEveryOtherDocument);
    CPPUNIT_TEST_SUITE_END();

    static Scene withBody(std::size_t at, const Bytes& bytes, std::uint16_t type = 2)
    {
        Scene scene;
        scene.quoteTerms.version = type == 2 ? 4 : 5;
        scene.quoteTerms.bodyType = type;
        scene.quoteTerms.body = [=](Bytes& body) {
            std::copy(bytes.begin(), bytes.end(), body.begin() + static_cast<std::ptrdiff_t>(at));
        };
        return scene;
    }
    static Scene withAttributes(std::uint64_t attributes)
    {
        const Bits bits = bitsOf(attributes);
        return withBody(field::kTdAttributes, {bits.begin(), bits.end()});
    }

    void judgesAttributesByDefault()
    {
        struct Row {
            std::uint64_t attributes;
            const char* json;
            const char* reason;
        };
        const Row rows[] = {{0x10000000, "{}", ""},
                            {0x8000000058000000, "{}", ""}, // PERFMON, PKS, SEPT_VE_DISABLE, LASS
                            {0x10000001, "{}", "TD_DEBUG"},
                            {0x10000001, R"({"debug": "forbid"})", "TD_DEBUG"},
                            {0x10000001, R"({"debug": "allow"})", ""},
                            {0x10000001, R"({"debug": "allow", "td_attributes": "0100001000000000"})", ""},
                            {0x10000001, R"({"td_attributes": "0100001000000000"})", "TD_DEBUG"},
                            {0x10000002, R"({"debug": "allow"})", "TD_ATTRIBUTES"}, // the other bits of TUD
                            {0x10000100, "{}", "TD_ATTRIBUTES"},
                            {0x90000000, "{}", "TD_ATTRIBUTES"},                    // KL
                            {0x90000000, R"({"td_attributes": "0x90000000"})", ""}, // which somebody wants
                            {0x10000000, R"({"td_attributes": "0x90000000"})", "TD_ATTRIBUTES"},
                            {0x10000000, R"({"td_attributes": [268435456, "0x90000000"]})", ""},
                            {0, "{}", "SEPT_VE_DISABLE"},
                            {0, R"({"sept_ve_disable": "require"})", "SEPT_VE_DISABLE"},
                            {0, R"({"sept_ve_disable": "ignore"})", ""},
                            {0x30000000, "{}", "MIGRATABLE"},
                            {0x30000000, R"({"migratable": "allow"})", ""},
                            {0x10000000 | std::uint64_t{1} << 62, "{}", "TD_ATTRIBUTES"}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(row.attributes) + row.json, std::string(row.reason),
                                         judge(withAttributes(row.attributes), row.json));
    }

    void judgesXfam()
    {
        struct Row {
            std::uint64_t xfam;
            const char* json;
            const char* reason;
        };
        for (const Row& row :
             {Row{0x3, "{}", ""}, Row{0x6dbe7, "{}", ""}, Row{0x1, "{}", "XFAM"}, Row{0x2, "{}", "XFAM"},
              Row{0, "{}", "XFAM"}, Row{0x13, "{}", "XFAM"}, Row{0x400000003, "{}", "XFAM"},
              Row{0x13, R"({"xfam": "0x13"})", ""}, Row{0x3, R"({"xfam": "0x13"})", "XFAM"},
              Row{0x10, R"({"xfam": "0x10"})", "XFAM"},
              Row{0x602e7, R"({"xfam": "e702060000000000"})", ""}}) {
            const Bits bits = bitsOf(row.xfam);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(row.xfam), std::string(row.reason),
                                         judge(withBody(field::kXfam, {bits.begin(), bits.end()}), row.json));
        }
    }

    void judgesServiceTds()
    {
        const Bytes bound(48, 7);
        const Scene scene = withBody(field::kMrServiceTd, bound, 3);
        const std::string hex = kit::toHex(bound);
        CPPUNIT_ASSERT_EQUAL(std::string("SERVICE_TD"), judge(scene, "{}"));
        CPPUNIT_ASSERT_EQUAL(std::string(), judge(scene, R"({"mr_service_td": ")" + hex + "\"}"));
        CPPUNIT_ASSERT_EQUAL(std::string("MR_SERVICE_TD"),
                             judge(Scene(), R"({"mr_service_td": ")" + hex + "\"}"));
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             judge(Scene(), R"({"mr_service_td": ")" + std::string(96, '0') + "\"}"));
    }

    void comparesEveryField()
    {
        const Scene scene;
        const Bytes bytes = scene.quote();
        const Quote quote = Quote::parse(bytes);
        struct Row {
            const char* key;
            kit::ByteView actual;
            const char* reason;
        };
        const Row rows[] = {{"mr_td", quote.body.mrTd, "MR_TD"},
                            {"mr_seam", quote.body.mrSeam, "MR_SEAM"},
                            {"mr_signer_seam", quote.body.mrSignerSeam, "MR_SIGNER_SEAM"},
                            {"mr_config_id", quote.body.mrConfigId, "MR_CONFIG_ID"},
                            {"mr_owner", quote.body.mrOwner, "MR_OWNER"},
                            {"mr_owner_config", quote.body.mrOwnerConfig, "MR_OWNER_CONFIG"},
                            {"rtmr0", quote.body.rtmr[0], "RTMR0"},
                            {"rtmr1", quote.body.rtmr[1], "RTMR1"},
                            {"rtmr2", quote.body.rtmr[2], "RTMR2"},
                            {"rtmr3", quote.body.rtmr[3], "RTMR3"},
                            {"report_data", quote.body.reportData, "REPORT_DATA"},
                            {"td_attributes", quote.body.tdAttributes, "TD_ATTRIBUTES"},
                            {"xfam", quote.body.xfam, "XFAM"},
                            {"qe_vendor_id", quote.qeVendor, "QE_VENDOR_ID"},
                            {"minimum_tee_tcb_svn", quote.body.teeTcbSvn, "MINIMUM_TEE_TCB_SVN"}};
        for (const Row& row : rows) {
            const std::string key = std::string("{\"") + row.key + "\": ";
            Bytes other(row.actual.begin(), row.actual.end());
            other.back() ^= 1;
            const std::string right = "\"" + kit::toHex(row.actual) + "\"",
                              wrong = "\"" + kit::toHex(other) + "\"";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.key, std::string(), judge(scene, key + right + "}"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.key, std::string(row.reason), judge(scene, key + wrong + "}"));
            const auto parse = [&](const std::string& value) {
                static_cast<void>(Policy::parse(key + value + "}"));
            };
            const std::string shorter = "\"" + kit::toHex(row.actual.first(row.actual.size() - 1)) + "\"";
            CPPUNIT_ASSERT_THROW_MESSAGE(row.key, parse(shorter), kit::InputError);
            CPPUNIT_ASSERT_THROW_MESSAGE(row.key, parse("[]"), kit::InputError);
            CPPUNIT_ASSERT_THROW_MESSAGE(row.key, parse("\"\""), kit::InputError);
            CPPUNIT_ASSERT_THROW_MESSAGE(row.key, parse("null"), kit::InputError);
            if (std::string_view(row.key) != "minimum_tee_tcb_svn")
                CPPUNIT_ASSERT_EQUAL_MESSAGE(row.key, std::string(),
                                             judge(scene, key + "[" + wrong + "," + right + "]}"));
        }
        // Component by component, not as one number.
        CPPUNIT_ASSERT_EQUAL(std::string("MINIMUM_TEE_TCB_SVN"),
                             judge(scene, R"({"minimum_tee_tcb_svn": "05010700000000000000000000000000"})"));
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             judge(scene, R"({"minimum_tee_tcb_svn": "05010600000000000000000000000000"})"));
    }

    /// The platform rated like this, as of May 2025.
    static Scene withStatus(const char* status)
    {
        Scene scene;
        scene.info["tcbLevels"][0]["tcbStatus"] = status;
        return scene;
    }

    void judgesStatuses()
    {
        struct Row {
            const char* status;
            const char* json;
            const char* reason;
        };
        const Row rows[] = {{"UpToDate", "{}", ""},
                            {"SWHardeningNeeded", "{}", ""},
                            {"ConfigurationNeeded", "{}", "TCB_STATUS"},
                            {"ConfigurationAndSWHardeningNeeded", "{}", "TCB_STATUS"},
                            {"OutOfDate", "{}", "TCB_STATUS"},
                            {"OutOfDateConfigurationNeeded", "{}", "TCB_STATUS"},
                            {"Revoked", "{}", "TCB_REVOKED"},
                            {"OutOfDate", R"({"allowed_tcb_status": ["UpToDate", "OutOfDate"]})", ""},
                            {"SWHardeningNeeded", R"({"allowed_tcb_status": "UpToDate"})", "TCB_STATUS"},
                            {"Revoked", R"({"grace_period": "3650d"})", "TCB_REVOKED"},
                            {"OutOfDate", R"({"grace_period": "3650d"})", ""},
                            {"OutOfDate", R"({"grace_period": "1d"})", "TCB_STATUS"},
                            {"OutOfDateConfigurationNeeded", R"({"grace_period": "3650d"})", "TCB_STATUS"},
                            {"OutOfDateConfigurationNeeded",
                             R"({"grace_period": "3650d", "allowed_tcb_status": ["ConfigurationNeeded"]})",
                             ""}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(row.status) + row.json, std::string(row.reason),
                                         judge(withStatus(row.status), row.json));
        Scene edge = withStatus("OutOfDate"); // the oldest date is the enclave's
        edge.identity["tcbLevels"][0]["tcbDate"] = kit::timeText(kNow - 7200);
        edge.info["tcbLevels"][0]["tcbDate"] = kit::timeText(kNow);
        edge.info["tdxModuleIdentities"][1]["tcbLevels"][0]["tcbDate"] = kit::timeText(kNow);
        CPPUNIT_ASSERT_EQUAL(std::string(), judge(edge, R"({"grace_period": "2h"})"));
        CPPUNIT_ASSERT_EQUAL(std::string("TCB_STATUS"), judge(edge, R"({"grace_period": 7199})"));
        Scene relaunch;
        relaunch.quoteTerms.version = 5;
        relaunch.quoteTerms.bodyType = 3;
        relaunch.quoteTerms.body = [](Bytes& body) { body[0] = 4; };
        CPPUNIT_ASSERT_EQUAL(std::string("TCB_STATUS"), judge(relaunch, "{}"));
        CPPUNIT_ASSERT_EQUAL(std::string("TCB_STATUS"), judge(relaunch, R"({"grace_period": "3650d"})"));
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             judge(relaunch, R"({"allowed_tcb_status": ["TDRelaunchAdvised"]})"));
    }

    void judgesAdvisoriesAndNumbers()
    {
        Scene scene;
        scene.info["tcbLevels"][0]["advisoryIDs"] = Json::array({"INTEL-SA-00001"});
        CPPUNIT_ASSERT_EQUAL(std::string(), judge(scene, R"({"denied_advisories": "INTEL-SA-00002"})"));
        CPPUNIT_ASSERT_EQUAL(std::string("DENIED_ADVISORIES"),
                             judge(scene, R"({"denied_advisories": ["INTEL-SA-00002", "INTEL-SA-00001"]})"));
        CPPUNIT_ASSERT_EQUAL(std::string(), judge(scene, R"({"min_tcb_evaluation_data_number": 17})"));
        CPPUNIT_ASSERT_EQUAL(std::string("MIN_TCB_EVALUATION_DATA_NUMBER"),
                             judge(scene, R"({"min_tcb_evaluation_data_number": 18})"));
        scene.info["tcbEvaluationDataNumber"] = 18; // of both documents
        CPPUNIT_ASSERT_EQUAL(std::string("MIN_TCB_EVALUATION_DATA_NUMBER"),
                             judge(scene, R"({"min_tcb_evaluation_data_number": 18})"));
        Scene unrated;
        unrated.collateral = CollateralMode::Off;
        for (const char* json :
             {R"({"denied_advisories": "INTEL-SA-00002"})", R"({"min_tcb_evaluation_data_number": 1})"})
            CPPUNIT_ASSERT_EQUAL(std::string("TCB_UNKNOWN"), judge(unrated, json));
    }

    void refusesEveryOtherDocument()
    {
        for (const char* wrong : {"",
                                  "[]",
                                  "1",
                                  R"({"mrtd": "00"})",
                                  R"({"rtmr4": ""})",
                                  R"({"debug": true})",
                                  R"({"debug": "on"})",
                                  R"({"sept_ve_disable": false})",
                                  R"({"allowed_tcb_status": []})",
                                  R"({"allowed_tcb_status": ["Uptodate"]})",
                                  R"({"allowed_tcb_status": ["Revoked"]})",
                                  R"({"grace_period": "30"})",
                                  R"({"grace_period": "d"})",
                                  R"({"grace_period": "1w"})",
                                  R"({"grace_period": -1})",
                                  R"({"grace_period": "4000d"})",
                                  R"({"denied_advisories": [1]})",
                                  R"({"denied_advisories": ""})",
                                  R"({"min_tcb_evaluation_data_number": 4294967296})",
                                  R"({"crl": true})",
                                  R"({"collateral": "if-present"})",
                                  R"({"td_attributes": "0x"})",
                                  R"({"td_attributes": "0x1", "td_attributes": "0x2"})",
                                  R"({"xfam": -1})",
                                  R"({"xfam": 1.5})"})
            CPPUNIT_ASSERT_THROW_MESSAGE(wrong, static_cast<void>(Policy::parse(wrong)), kit::InputError);
        const Policy policy = Policy::parse(R"({"crl": "if-present", "collateral": "off"})");
        CPPUNIT_ASSERT(policy.crl == CrlMode::IfPresent && policy.collateral == CollateralMode::Off);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PolicyTest);

} // namespace
} // namespace teehost::tdx::test
