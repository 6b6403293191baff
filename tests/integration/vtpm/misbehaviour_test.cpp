// SPDX-License-Identifier: Apache-2.0
//
// The reference guest misbehaves as it is told to, and in no other way: what catches it is the check that is
// meant to.
#include <cppunit/extensions/HelperMacros.h>

#include "evidence/checks.h"
#include "evidence/verify.h"
#include "log/event_log.h"
#include "support/client.h"
#include "support/wait.h"
#include "vtpm/make_credential.h"
#include "vtpm/tpm_host_test.h"

namespace teehost::test {
namespace {

constexpr std::uint32_t kBootPcr = 4, kFirmwarePcrs = 8;

std::string textOf(kit::ByteView bytes) { return {bytes.begin(), bytes.end()}; }
kit::Bytes bytesOf(const std::string& text) { return {text.begin(), text.end()}; }

class MisbehaviourTest final : public TpmHostTest {
    CPPUNIT_TEST_SUITE(MisbehaviourTest);
    CPPUNIT_TEST(extendsAPcrOnce);
    CPPUNIT_TEST(repeatsItsFirstEvidence);
    CPPUNIT_TEST(liesAboutPcrs);
    CPPUNIT_TEST(signsWithAKeyThatIsInNoTpm);
    CPPUNIT_TEST_SUITE_END();

    /// The first check that evidence over this nonce fails, of whatever key it is; empty for none.
    static std::string failure(const v1::Vm& vm, const std::string& nonce)
    {
        const kit::Bytes bytes = bytesOf(evidenceOf(vm, nonce)), wanted = bytesOf(nonce);
        const auto verified = vtpm::verifyEvidence(
            vtpm::readAttestation(bytes),
            {.nonce = wanted, .policy = vtpm::Policy::parse(R"({"ak_binding": ["none"]})")});
        const auto* line = kit::firstFailure(verified.lines);
        return line == nullptr ? "" : line->id;
    }

    void extendsAPcrOnce()
    {
        const auto vm = runVmWith("teehost.fault=extend-pcr teehost.fault_delay_ms=3000");
        waitUntil("PCR 4 is not what the log says",
                  [&] { return failure(vm, "nonce") == vtpm::check_id::kLogReplay; });
        const kit::Bytes bytes = bytesOf(evidenceOf(vm, "again"));
        const auto evidence = vtpm::readAttestation(bytes);
        const auto log = vtpm::EventLog::parse(evidence.eventLog);
        CPPUNIT_ASSERT(!evidence.quotes.empty());
        for (const auto& quote : evidence.quotes) {
            const auto bank = quote.pcrs.front().bank;
            const auto logged = kit::replay(log, bank).values;
            kit::Bytes extended(logged[kBootPcr].view().begin(), logged[kBootPcr].view().end());
            extended.resize(2 * extended.size(), 0x66);
            for (std::uint32_t pcr = 0; pcr < kFirmwarePcrs; ++pcr) {
                const auto expected = pcr == kBootPcr ? kit::hash(bank, extended) : logged[pcr];
                CPPUNIT_ASSERT(
                    kit::equal(vtpm::findPcr(quote.pcrs, bank, pcr)->value.view(), expected.view()));
            }
        }
    }

    void repeatsItsFirstEvidence()
    {
        const auto vm = runVmWith("teehost.fault=replay-quote");
        CPPUNIT_ASSERT_EQUAL(std::string(), failure(vm, "one"));
        CPPUNIT_ASSERT_EQUAL(std::string(vtpm::check_id::kNonce), failure(vm, "two"));
        CPPUNIT_ASSERT_EQUAL(std::string(), failure(vm, "one"));
    }

    void liesAboutPcrs()
    {
        const auto vm = runVmWith("teehost.fault=lie-pcrs");
        CPPUNIT_ASSERT_EQUAL(std::string(vtpm::check_id::kPcrDigest), failure(vm, "nonce"));
    }

    void signsWithAKeyThatIsInNoTpm()
    {
        const auto vm = runVmWith("teehost.fault=lie-key");
        CPPUNIT_ASSERT_EQUAL(std::string(), failure(vm, "nonce")); // to whom any key is good enough
        std::map<std::string, std::string> pieces;
        requireOk(askEndorsement(vm, pieces));
        const kit::Bytes evidence = bytesOf(evidenceOf(vm, "nonce"));
        const std::string key = textOf(vtpm::TpmKey::parse(vtpm::readAttestation(evidence).akPublic).name());
        requireStatus(askAnswer(vm, makeCredential(pieces.at("tpm.ek_certificate"), key, "secret")).status,
                      grpc::StatusCode::INVALID_ARGUMENT, "no credential for the keys of this VM");
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MisbehaviourTest);

} // namespace
} // namespace teehost::test
