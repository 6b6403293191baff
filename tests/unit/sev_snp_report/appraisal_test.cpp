// SPDX-License-Identifier: Apache-2.0
//
// What a report says against what a policy or a request asks for.
#include "appraisal.h"
#include "input_error.h"
#include "report/policy.h"
#include "sev_snp_report/scene.h"

namespace teehost::sev_snp::test {
namespace {

class AppraisalTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AppraisalTest);
    CPPUNIT_TEST(keepsAndBreaksEachRule);
    CPPUNIT_TEST(refusesPoliciesThatAreNotUnderstood);
    CPPUNIT_TEST(forbidsDebuggingUnlessAllowed);
    CPPUNIT_TEST(bindsReportData);
    CPPUNIT_TEST(holdsAgainstMeasurements);
    CPPUNIT_TEST(holdsAgainstReferenceValues);
    CPPUNIT_TEST_SUITE_END();

    static Report reportWith(const ReportTerms& terms)
    {
        return Report::parse(makeReport(terms, hierarchyOf(terms.line).vekKey));
    }

    static std::string quoted(kit::ByteView bytes) { return "\"" + kit::toHex(bytes) + "\""; }

    void keepsAndBreaksEachRule()
    {
        ReportTerms terms;
        terms.version = 5;
        terms.keyInfo = 1; // author key
        terms.chip = chipId(ProductLine::Milan);
        terms.policy = 0x10001f | 1u << 17 | 1u << 22 |
                       1u << 24; // single socket, AES-256-XTS, ciphertext hiding; no SMT
        terms.change = [](Bytes& report) {
            report[0x010] = 0xf0; // family
            report[0x020] = 0xf1; // image
            report[0x0e0] = 0xa1; // id key
            report[0x110] = 0xa2; // author key
            report[0x1f8] = 0x06; // launch mitigations
            report[0x200] = 0x0e;
        };
        const Report report = reportWith(terms);
        Bytes idKey(48), authorKey(48), family(16), image(16);
        idKey[0] = 0xa1;
        authorKey[0] = 0xa2;
        family[0] = 0xf0;
        image[0] = 0xf1;
        struct Row {
            std::string kept, broken;
            std::string_view rule;
        };
        const std::vector<Row> rows{
            {R"("measurement": )" + quoted(report.measurement), R"("measurement": )" + quoted(Bytes(48, 1)),
             "measurement"},
            {R"("measurement": [)" + quoted(Bytes(48, 1)) + "," + quoted(report.measurement) + "]",
             R"("measurement": [)" + quoted(Bytes(48, 1)) + "]", "measurement"},
            {R"("report_data": )" + quoted(report.reportData), R"("report_data": )" + quoted(Bytes(32, 1)),
             "report_data"},
            {R"("host_data": )" + quoted(report.hostData), R"("host_data": )" + quoted(Bytes(32)),
             "host_data"},
            {R"("family_id": )" + quoted(family), R"("family_id": )" + quoted(Bytes(16)), "family_id"},
            {R"("image_id": )" + quoted(image), R"("image_id": )" + quoted(Bytes(16)), "image_id"},
            {R"("report_id": )" + quoted(report.reportId), R"("report_id": )" + quoted(Bytes(32)),
             "report_id"},
            {R"("report_id_ma": )" + quoted(Bytes(32, 0xff)), R"("report_id_ma": )" + quoted(Bytes(32)),
             "report_id_ma"},
            {R"("chip_ids": )" + quoted(report.chipId), R"("chip_ids": )" + quoted(Bytes(64)), "chip_id"},
            {R"("allow_smt": false)", R"("require_rapl_disabled": true)", "guest_policy"},
            {R"("allow_debug": false)", R"("require_page_swap_disabled": true)", "guest_policy"},
            {R"("require_single_socket": true, "require_aes_256_xts": true, "require_ciphertext_hiding": true)",
             R"("minimum_abi": "0.32")", "guest_policy"},
            {R"("minimum_abi": "0.31")", R"("minimum_abi": "1.0")", "guest_policy"},
            {R"("minimum_guest_svn": 7)", R"("minimum_guest_svn": 8)", "minimum_guest_svn"},
            {R"("minimum_tcb": {"boot_loader": 4, "microcode": 219})", R"("minimum_tcb": {"boot_loader": 5})",
             "minimum_tcb"},
            {R"("minimum_tcb": {"snp": 24})", R"("minimum_tcb": {"snp": 25, "microcode": 1})", "minimum_tcb"},
            {R"("minimum_launch_tcb": {"tee": 0})", R"("minimum_launch_tcb": {"tee": 1})",
             "minimum_launch_tcb"},
            {R"("minimum_fw": "1.55.29")", R"("minimum_fw": "1.55.30")", "minimum_fw"},
            {R"("minimum_fw": "1.54.200")", R"("minimum_fw": "2.0.0")", "minimum_fw"},
            {R"("require_committed_equals_current": true)", "", "provisional_firmware"},
            {R"("platform_info": {"require_ecc": true, "require_alias_check": true, "allow_tsme": false})",
             R"("platform_info": {"allow_smt": false})", "platform_info"},
            {R"("platform_info": {"allow_tio": false})",
             R"("platform_info": {"require_ciphertext_hiding": true})", "platform_info"},
            {R"("vmpl": 0)", R"("vmpl": 1)", "vmpl"},
            {R"("vmpl_max": 0)", "", "vmpl"},
            {R"("allowed_signing_keys": ["VLEK", "VCEK"])", R"("allowed_signing_keys": ["VLEK"])",
             "signing_key"},
            {R"("require_id_block": true, "trusted_id_key_digests": )" + quoted(idKey),
             R"("require_id_block": true, "trusted_id_key_digests": )" + quoted(authorKey), "id_key"},
            {R"("require_id_block": true, "trusted_author_key_digests": )" + quoted(authorKey),
             R"("require_id_block": true, "trusted_author_key_digests": )" + quoted(idKey), "id_key"},
            {R"("trusted_id_key_digests": )" + quoted(idKey),
             R"("trusted_id_key_digests": )" + quoted(Bytes(48, 2)), "id_key"},
            {R"("require_author_key": true, "trusted_author_key_digests": )" + quoted(authorKey),
             R"("require_author_key": true, "trusted_author_key_digests": )" + quoted(idKey), "author_key"},
            {R"("minimum_launch_mit_vector": "0x6")", R"("minimum_launch_mit_vector": "0x8")",
             "minimum_launch_mit_vector"},
            {R"("minimum_current_mit_vector": 14)", R"("minimum_current_mit_vector": 16)",
             "minimum_current_mit_vector"},
            {R"("require_chip_id": true)", "", "chip_id"},
        };
        for (const Row& row : rows) {
            for (const RuleResult& rule :
                 appraise(report, ProductLine::Milan, Policy::parse("{" + row.kept + "}")))
                CPPUNIT_ASSERT_MESSAGE(row.kept + ": " + rule.message, rule.kept);
            if (row.broken.empty())
                continue;
            const auto results = appraise(report, ProductLine::Milan, Policy::parse("{" + row.broken + "}"));
            const auto broken =
                std::find_if(results.begin(), results.end(), [](const RuleResult& r) { return !r.kept; });
            CPPUNIT_ASSERT_MESSAGE(row.broken, broken != results.end());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.broken, row.rule, broken->rule);
        }
        breaksWhatOtherReportsBreak();
    }

    /// Rules that the report above keeps whatever the policy says.
    void breaksWhatOtherReportsBreak()
    {
        const auto broken = [](const ReportTerms& terms, const std::string& policy) {
            const auto results = appraise(reportWith(terms), terms.line, Policy::parse(policy));
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, results.size());
            return results.front().kept ? std::string() : std::string(results.front().rule);
        };
        ReportTerms provisional;
        provisional.change = [](Bytes& report) { report[0x1e8] = 30; };
        CPPUNIT_ASSERT_EQUAL(std::string("provisional_firmware"),
                             broken(provisional, R"({"require_committed_equals_current": true})"));
        ReportTerms host;
        host.change = [](Bytes& report) { std::fill_n(report.begin() + 0x30, 4, std::uint8_t{0xff}); };
        CPPUNIT_ASSERT_EQUAL(std::string("vmpl"), broken(host, R"({"vmpl_max": 3})"));
        ReportTerms masked;
        CPPUNIT_ASSERT_EQUAL(std::string("chip_id"), broken(masked, R"({"require_chip_id": true})"));
        ReportTerms turin{.line = ProductLine::Turin, .chip = chipId(ProductLine::Turin)};
        CPPUNIT_ASSERT_EQUAL(std::string(), broken(turin, R"({"chip_ids": ["040b121920272e35"]})"));
        CPPUNIT_ASSERT_EQUAL(std::string("chip_id"), broken(turin, R"({"chip_ids": ["040b121920272e36"]})"));
        ReportTerms smt;
        CPPUNIT_ASSERT_EQUAL(std::string("id_key"),
                             broken(smt, R"({"require_id_block": true, "trusted_id_key_digests": []})"));
        CPPUNIT_ASSERT_EQUAL(std::string("guest_policy"), broken(smt, R"({"allow_smt": false})"));
        CPPUNIT_ASSERT_EQUAL(std::string("guest_policy"), broken(smt, R"({"require_single_socket": true})"));
        // Bytes that are reserved before version 5 prove no mitigation; no ID block is in no list.
        CPPUNIT_ASSERT_EQUAL(std::string("minimum_launch_mit_vector"),
                             broken(smt, R"({"minimum_launch_mit_vector": 1})"));
        CPPUNIT_ASSERT_EQUAL(std::string("id_key"),
                             broken(smt, R"({"require_id_block": true, "trusted_id_key_digests": )" +
                                             quoted(Bytes(48)) + "}"));
        CPPUNIT_ASSERT_EQUAL(std::string("author_key"),
                             broken(smt, R"({"require_author_key": true, "trusted_author_key_digests": )" +
                                             quoted(Bytes(48)) + "}"));
    }

    void refusesPoliciesThatAreNotUnderstood()
    {
        for (const char* text : {"",
                                 "[]",
                                 "null",
                                 "{",
                                 R"({"mesurement": ""})",
                                 R"({"measurement": "00"})",
                                 R"({"measurement": []})",
                                 R"({"measurement": 7})",
                                 R"({"allow_debug": "false"})",
                                 R"({"allow_debug": 0})",
                                 R"({"vmpl": -1})",
                                 R"({"vmpl": 0.5})",
                                 R"({"vmpl": "0x"})",
                                 R"({"vmpl": 4294967296})",
                                 R"({"minimum_tcb": {"bootloader": 1}})",
                                 R"({"minimum_tcb": {"tee": 256}})",
                                 R"({"minimum_tcb": 3})",
                                 R"({"minimum_fw": "1.55"})",
                                 R"({"minimum_fw": "1.55.21."})",
                                 R"({"minimum_fw": "1..55"})",
                                 R"({"minimum_fw": "1.55.256"})",
                                 R"({"minimum_abi": 1})",
                                 R"({"platform_info": {"allow_ecc": true}})",
                                 R"({"platform_info": 37})",
                                 R"({"allowed_signing_keys": ["ARK"]})",
                                 R"({"allowed_signing_keys": []})",
                                 R"({"crl": "maybe"})",
                                 R"({"require_id_block": true})",
                                 R"({"require_author_key": true})"})
            CPPUNIT_ASSERT_THROW_MESSAGE(text, static_cast<void>(Policy::parse(text)), InputError);
        CPPUNIT_ASSERT_NO_THROW(static_cast<void>(Policy::parse("{}")));
    }

    static const CheckLine& find(const std::vector<CheckLine>& lines, std::string_view id)
    {
        const auto it =
            std::find_if(lines.begin(), lines.end(), [&](const CheckLine& l) { return l.id == id; });
        CPPUNIT_ASSERT_MESSAGE(std::string(id), it != lines.end());
        return *it;
    }

    static std::vector<CheckLine> appraised(const ReportTerms& terms, const th_verify_request& raw)
    {
        const sdk::VerifyRequest request(raw);
        const Policy policy = request.policyJson.empty() ? Policy() : Policy::parse(request.policyJson);
        return appraiseRequest(reportWith(terms), terms.line, policy, request);
    }
    static th_verify_request emptyRequest()
    {
        th_verify_request raw{};
        raw.struct_size = sizeof raw;
        return raw;
    }

    void forbidsDebuggingUnlessAllowed()
    {
        for (const auto& [bit, id] :
             {std::pair(19u, check_id::kDebug), std::pair(18u, check_id::kMigration)}) {
            ReportTerms terms;
            CPPUNIT_ASSERT(find(appraised(terms, emptyRequest()), id).outcome == Outcome::Pass);
            terms.policy |= 1u << bit;
            CPPUNIT_ASSERT(find(appraised(terms, emptyRequest()), id).outcome == Outcome::Fail);
            th_verify_request request = emptyRequest();
            request.policy_json = sdk::str(R"({"allow_debug": true, "allow_migration_agent": true})");
            CPPUNIT_ASSERT(find(appraised(terms, request), id).outcome == Outcome::Pass);
            request.policy_json = sdk::str(R"({"allow_debug": false, "allow_migration_agent": false})");
            CPPUNIT_ASSERT(find(appraised(terms, request), id).outcome == Outcome::Fail);
        }
    }

    void bindsReportData()
    {
        ReportTerms terms;
        terms.change = [](Bytes& report) { std::fill_n(report.begin() + 0x70, 32, std::uint8_t{0}); };
        const Report report = reportWith(terms);
        Bytes data(report.reportData.begin(), report.reportData.end());
        const auto outcome = [&](const Bytes& wanted) {
            th_verify_request request = emptyRequest();
            request.report_data = sdk::bytes(wanted);
            return find(appraised(terms, request), check_id::kReportData).outcome;
        };
        CPPUNIT_ASSERT(outcome(data) == Outcome::Pass);
        data.push_back(0);
        CPPUNIT_ASSERT(outcome(data) == Outcome::Error); // more than any report binds
        data.resize(32);
        CPPUNIT_ASSERT(outcome(data) == Outcome::Pass);
        data.pop_back();
        CPPUNIT_ASSERT(outcome(data) == Outcome::Fail);
        data.resize(32);
        data[0] ^= 1;
        CPPUNIT_ASSERT(outcome(data) == Outcome::Fail);
    }

    void holdsAgainstMeasurements()
    {
        const Report report = reportWith({});
        const auto outcome = [&](const std::vector<std::pair<const char*, Bytes>>& expected) {
            std::vector<th_register> registers;
            for (const auto& [name, digest] : expected)
                registers.push_back({sizeof(th_register), TH_ALG_SHA384, sdk::str(name), sdk::bytes(digest)});
            std::vector<const th_register*> list;
            for (const auto& one : registers)
                list.push_back(&one);
            th_verify_request request = emptyRequest();
            request.expected = list.data();
            request.expected_count = list.size();
            return find(appraised({}, request), check_id::kMeasurement).outcome;
        };
        const Bytes right(report.measurement.begin(), report.measurement.end()), wrong(48, 1);
        CPPUNIT_ASSERT(outcome({{"LAUNCH_DIGEST", right}}) == Outcome::Pass);
        CPPUNIT_ASSERT(outcome({{"", right}}) == Outcome::Pass);
        CPPUNIT_ASSERT(outcome({{"", wrong}, {"", right}}) == Outcome::Pass);
        CPPUNIT_ASSERT(outcome({{"", wrong}}) == Outcome::Fail);
        CPPUNIT_ASSERT(outcome({{"", Bytes(right.begin(), right.end() - 1)}}) == Outcome::Error);
        CPPUNIT_ASSERT(outcome({{"MRTD", right}}) == Outcome::Error);
    }

    void holdsAgainstReferenceValues()
    {
        const Report report = reportWith({});
        const Bytes host(report.hostData.begin(), report.hostData.end());
        const std::array references{th_named{sdk::str("snp.policy"), sdk::Value("0x30000").raw()},
                                    th_named{sdk::str("snp.guest_svn"), sdk::Value(std::uint64_t{8}).raw()},
                                    th_named{sdk::str("snp.host_data"), sdk::Value(host).raw()},
                                    th_named{sdk::str("tdx.mrtd"), sdk::Value("x").raw()},
                                    th_named{sdk::str("snp.other"), sdk::Value("x").raw()}};
        th_verify_request request = emptyRequest();
        request.reference = references.data();
        request.reference_count = references.size();
        const auto lines = appraised({}, request);
        CPPUNIT_ASSERT(find(lines, "snp.reference.policy").outcome == Outcome::Pass);
        CPPUNIT_ASSERT(find(lines, "snp.reference.guest_svn").outcome == Outcome::Fail);
        CPPUNIT_ASSERT(find(lines, "snp.reference.host_data").outcome == Outcome::Pass);
        CPPUNIT_ASSERT(find(lines, "snp.reference.unknown").outcome == Outcome::Error);
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, lines.size()); // these, debugging and migration
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AppraisalTest);

} // namespace
} // namespace teehost::sev_snp::test
