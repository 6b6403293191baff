// SPDX-License-Identifier: Apache-2.0
//
// Verification through the plugin's border, as the host asks for it.
#include <teehost/plugin.hpp>

#include "attest_vtpm.h"
#include "attest_vtpm/scene.h"
#include "tests/unit/plugin/support.h"

namespace teehost::vtpm::test {
namespace {

using plugin::VerifyRequest;
using plugin::VerifyResult;

class VtpmPluginTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VtpmPluginTest);
    CPPUNIT_TEST(acceptsWhatIsExpected);
    CPPUNIT_TEST(acceptsNothingThatIsNotComparedInFull);
    CPPUNIT_TEST(rejectsWhatIsNotExpected);
    CPPUNIT_TEST(needsOneBankOfEachRegister);
    CPPUNIT_TEST(doesNotJudgeWhatCannotBeRead);
    CPPUNIT_TEST(refusesWhatItDoesNotUnderstand);
    CPPUNIT_TEST(claimsNoTee);
    CPPUNIT_TEST(showsLogs);
    CPPUNIT_TEST_SUITE_END();

    const Scene scene_;
    plugin::test::KeptLog kept_;
    std::unique_ptr<plugin::Plugin> plugin_;

public:
    void setUp() override { plugin_ = plugin::test::take(sdk::Bridge<AttestVtpm>::entry, kept_.log); }

private:
    [[nodiscard]] VerifyRequest request() const
    {
        VerifyRequest out;
        out.evidence = {{"tpm.attestation", write(scene_.message())}};
        out.reportData = scene_.nonce;
        out.policyJson = kAnyKey;
        out.atWallNs = kNow * 1'000'000'000;
        out.expected = {expected(HashAlgorithm::Sha2_256, 4), expected(HashAlgorithm::Sha2_384, 9)};
        return out;
    }
    [[nodiscard]] plugin::Register expected(HashAlgorithm bank, unsigned pcr) const
    {
        return {"PCR" + std::to_string(pcr),
                bank == HashAlgorithm::Sha2_256 ? plugin::DigestAlg::Sha256 : plugin::DigestAlg::Sha384,
                scene_.terms.pcrs.at(bank).at(pcr)};
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

    void acceptsWhatIsExpected()
    {
        VerifyRequest right = request();
        VerifyResult result = verify(right);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.reason, true, result.accepted);
        right.policyJson.clear();
        right.reference = {{"vtpm.ak_name", tpmOf(scene_.scheme).akName()},
                           {"vtpm.command_line", std::string("console=ttyS0")},
                           {"vtpm.secure_boot", false},
                           {"vtpm.reset_count", std::uint64_t{3}},
                           {"vtpm.banks", std::string("sha256,sha384")},
                           {"vtpm.unpredictable.pcr1", std::string("boot options of its own")}};
        result = verify(right);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.reason, true, result.accepted);
    }

    void acceptsNothingThatIsNotComparedInFull()
    {
        for (const char* pcr : {"0", "2", "4", "7", "9"}) {
            VerifyRequest gap = request();
            gap.reference = {{std::string("vtpm.unpredictable.pcr") + pcr, std::string("another QEMU")}};
            const VerifyResult result = verify(gap);
            CPPUNIT_ASSERT_MESSAGE(pcr, !result.accepted);
            CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(result, "vtpm.reference"));
        }
        VerifyRequest weak = request();
        weak.expected = {{"PCR7", plugin::DigestAlg::Sha1, Bytes(20, 1)}};
        CPPUNIT_ASSERT(!verify(weak).accepted);
        weak.expected.push_back(expected(HashAlgorithm::Sha2_256, 7));
        CPPUNIT_ASSERT(verify(weak).accepted);
        VerifyRequest banks = request();
        banks.reference = {{"vtpm.banks", std::string("sha256,sha384,sha512")}};
        CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(verify(banks), "vtpm.pcr_policy"));
    }

    void rejectsWhatIsNotExpected()
    {
        const auto rejectedBy = [&](std::string_view id, auto&& change) {
            VerifyRequest wrong = request();
            change(wrong);
            const VerifyResult result = verify(wrong);
            CPPUNIT_ASSERT(!result.accepted);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(id), std::string("FAIL"), verdictOf(result, id));
        };
        rejectedBy("vtpm.nonce", [](auto& r) { r.reportData[0] ^= 1; });
        rejectedBy("vtpm.pcr_policy", [](auto& r) { r.expected[0].digest[0] ^= 1; });
        rejectedBy("vtpm.ak_binding", [](auto& r) { r.reference = {{"vtpm.ak_name", Bytes(34)}}; });
        rejectedBy("vtpm.event_policy", [](auto& r) { r.reference = {{"vtpm.secure_boot", true}}; });
        rejectedBy("vtpm.counters", [](auto& r) { r.reference = {{"vtpm.reset_count", std::uint64_t{9}}}; });
        // Both the policy's and the request's values must hold.
        rejectedBy("vtpm.pcr_policy", [](auto& r) {
            r.policyJson =
                R"({"ak_binding": ["none"], "pcrs": {"sha256": {"4": ")" + std::string(64, '0') + R"("}}})";
        });
    }

    void needsOneBankOfEachRegister()
    {
        VerifyRequest partly = request();
        Message message = scene_.message();
        message.quotes.erase(message.quotes.begin() + 1); // SHA-384
        partly.evidence = {{"", write(message)}};
        CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(verify(partly), "vtpm.pcr_policy"));
        partly.expected.push_back(expected(HashAlgorithm::Sha2_256, 9));
        const VerifyResult result = verify(partly);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.reason, true, result.accepted);
    }

    void doesNotJudgeWhatCannotBeRead()
    {
        for (const Bytes& bytes : {Bytes(), Bytes(100, 0x20), write(Message())}) {
            VerifyRequest wrong = request();
            wrong.evidence = {{"", bytes}};
            const VerifyResult result = verify(wrong);
            CPPUNIT_ASSERT(!result.accepted);
            CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(result, "vtpm.format"));
            CPPUNIT_ASSERT(plugin::firstUnfit(result) != nullptr && plugin::firstFailure(result) == nullptr);
        }
    }

    void refusesWhatItDoesNotUnderstand()
    {
        const auto refused = [&](const char* words, auto&& change) {
            VerifyRequest wrong = request();
            change(wrong);
            plugin::test::expectError(Category::InvalidArgument, words,
                                      [&] { static_cast<void>(verify(wrong)); });
        };
        refused("no evidence", [](auto& r) { r.evidence.clear(); });
        refused("rool", [](auto& r) { r.policyJson = R"({"rool": 0})"; });
        refused("cannot be read", [](auto& r) { r.anchors = {{"", {1, 2, 3}}}; });
        for (const char* name : {"", "PCR16", "PCR24", "PCR", "PCR4x", "LAUNCH_DIGEST"}) {
            VerifyRequest wrong = request();
            wrong.expected[0].name = name;
            const VerifyResult result = verify(wrong);
            CPPUNIT_ASSERT(!result.accepted);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string("ERROR"), verdictOf(result, "vtpm.pcr_policy"));
        }
        VerifyRequest unknown = request();
        unknown.reference = {{"snp.policy", std::string("0x30000")}};
        CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(verify(unknown), "vtpm.reference"));
    }

    void claimsNoTee()
    {
        Message message = scene_.message();
        message.snp = snpAttestation(Bytes(64));
        VerifyRequest with = request();
        with.evidence = {{"tpm.attestation", write(message)}};
        const VerifyResult result = verify(with);
        bool rooted = false;
        for (const auto& claim : result.claims)
            if (claim.key == "vtpm.rooted_in") {
                rooted = true;
                CPPUNIT_ASSERT_EQUAL(std::string("host"), std::get<std::string>(claim.value));
            }
        CPPUNIT_ASSERT(rooted);
    }

    void showsLogs()
    {
        const auto claims = plugin_->inspect({}, {"", scene_.log});
        const auto find = [&](const std::string& key) {
            return std::find_if(claims.begin(), claims.end(),
                                [&](const auto& one) { return one.key == key; });
        };
        CPPUNIT_ASSERT(std::get<std::uint64_t>(find("vtpm.events")->value) == scene_.events.size());
        CPPUNIT_ASSERT(std::get<std::string>(find("vtpm.event.0003")->value)
                           .starts_with("PCR 7 EV_EFI_VARIABLE_DRIVER_CONFIG: SecureBoot, 1 bytes: 0 ["));
        for (const auto& [bank, values] : scene_.terms.pcrs) // what it makes of the PCRs, in each bank
            CPPUNIT_ASSERT(
                std::get<Bytes>(find("vtpm.log." + std::string(kit::nameOf(bank)) + ".9")->value) ==
                values.at(9));
        CPPUNIT_ASSERT(plugin_->recognise({"", scene_.log}) > 90);
        CPPUNIT_ASSERT_EQUAL(0, plugin_->recognise({"snp.report", scene_.log}));
        plugin::test::expectError(Category::InvalidArgument, "nothing", [&] {
            static_cast<void>(plugin_->inspect({}, {"", {1, 2, 3}}));
        });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(VtpmPluginTest);

} // namespace
} // namespace teehost::vtpm::test
