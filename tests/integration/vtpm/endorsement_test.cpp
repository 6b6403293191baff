// SPDX-License-Identifier: Apache-2.0
//
// The reference agent proves that the key of its quotes is in the TPM that the VM was given.
#include <map>

#include <cppunit/extensions/HelperMacros.h>

#include "evidence/evidence.h"
#include "quote/certification.h"
#include "quote/tpm_key.h"
#include "support/client.h"
#include "vtpm/make_credential.h"
#include "vtpm/tpm_host_test.h"

namespace teehost::test {
namespace {

constexpr int kMoreThanATpmHasSessions = 20;

std::string textOf(kit::ByteView bytes) { return {bytes.begin(), bytes.end()}; }
kit::Bytes bytesOf(const std::string& text) { return {text.begin(), text.end()}; }

class EndorsementTest final : public TpmHostTest {
    CPPUNIT_TEST_SUITE(EndorsementTest);
    CPPUNIT_TEST(provesItsKeyAndKeepsItWhateverItIsAsked);
    CPPUNIT_TEST(hasNothingToProveWithoutTpm);
    CPPUNIT_TEST_SUITE_END();

    /// Of the key that signs the VM's quotes.
    static std::string attestationKeyName(const v1::Vm& vm)
    {
        const kit::Bytes evidence = bytesOf(evidenceOf(vm, "nonce"));
        return textOf(vtpm::TpmKey::parse(vtpm::readAttestation(evidence).akPublic).name());
    }

    static void requireEndorsementOf(const v1::Vm& vm, const std::map<std::string, std::string>& pieces)
    {
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, pieces.size());
        const auto ek = vtpm::TpmKey::parse(bytesOf(pieces.at("tpm.ek")));
        CPPUNIT_ASSERT(!vtpm::ekFault(ek));
        CPPUNIT_ASSERT(textOf(ek.bytes) == pieces.at("tpm.ek")); // TPMT_PUBLIC, without a size
        const auto certificate = vtpm::EkCertificate::parse(bytesOf(pieces.at("tpm.ek_certificate")));
        CPPUNIT_ASSERT_EQUAL(vm.id(), certificate.commonName);
        CPPUNIT_ASSERT(certificate.certificate.publicKey() == ek.key);
    }

    void provesItsKeyAndKeepsItWhateverItIsAsked()
    {
        startWithTpm();
        const auto vm = runVm();
        std::map<std::string, std::string> pieces;
        requireOk(askEndorsement(vm, pieces));
        requireEndorsementOf(vm, pieces);

        const std::string& certificate = pieces.at("tpm.ek_certificate");
        const std::string name = attestationKeyName(vm), secret = "of the verifier's choice, 32 byt";
        const std::string good = makeCredential(certificate, name, secret);
        std::string otherName = name;
        otherName.back() ^= 1;
        const std::string bad[] = {"garbage", makeCredential(certificate, otherName, secret), good + '\0'};
        for (int i = 0; i < kMoreThanATpmHasSessions; ++i) {
            for (const auto& challenge : bad)
                requireStatus(askAnswer(vm, challenge).status, grpc::StatusCode::INVALID_ARGUMENT, "");
            CPPUNIT_ASSERT(attestationKeyName(vm) == name);
        }
        const auto answer = askAnswer(vm, good);
        requireOk(answer.status);
        CPPUNIT_ASSERT_EQUAL(secret, answer.bytes);
        requireStatus(askEvidence(vm, EvidenceType::SnpVtpm, "nonce").status,
                      grpc::StatusCode::FAILED_PRECONDITION, "no TEE");
    }

    void hasNothingToProveWithoutTpm()
    {
        startDaemon();
        const auto vm = runVm();
        std::map<std::string, std::string> pieces;
        requireStatus(askEndorsement(vm, pieces), grpc::StatusCode::FAILED_PRECONDITION, "no TPM");
        requireStatus(askAnswer(vm, std::string("\0\1a\0\1b", 6)).status,
                      grpc::StatusCode::FAILED_PRECONDITION, "no TPM");
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(EndorsementTest);

} // namespace
} // namespace teehost::test
