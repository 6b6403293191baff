// SPDX-License-Identifier: Apache-2.0
//
// What the forged key signs passes for a TPM's quote with everybody who does not ask for proof of the key:
// else a test that catches it would prove nothing.
#include <cppunit/extensions/HelperMacros.h>

#include "attest_vtpm/scene.h"
#include "guest/agent/attest/forged_key.h"
#include "guest/agent/attest/key_templates.h"

namespace teehost::guest {
namespace {

class ForgedKeyTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ForgedKeyTest);
    CPPUNIT_TEST(signsWhatPassesForAQuote);
    CPPUNIT_TEST(isAnotherKeyEachTime);
    CPPUNIT_TEST_SUITE_END();

    static kit::Bytes bytesOf(const std::string& text) { return {text.begin(), text.end()}; }

    /// The template has no modulus; any number does.
    static std::string endorsementKey()
    {
        std::string out = tpm::endorsementTemplate();
        return out.replace(out.size() - 256, 256, 256, '\xc3');
    }

    void signsWhatPassesForAQuote()
    {
        const vtpm::test::Scene scene;
        const kit::Bytes truth = write(scene.message());
        attest::Attestation message;
        CPPUNIT_ASSERT(message.ParseFromArray(truth.data(), static_cast<int>(truth.size())));
        const ForgedKey key;
        key.sign(message, endorsementKey());

        const kit::Bytes lie = bytesOf(message.SerializeAsString());
        const auto verified = vtpm::verifyEvidence(vtpm::readAttestation(lie),
                                                   {.nonce = scene.terms.nonce,
                                                    .at = vtpm::test::kNow,
                                                    .policy = vtpm::Policy::parse(vtpm::test::kAnyKey)});
        const auto* failure = kit::firstFailure(verified.lines);
        CPPUNIT_ASSERT_MESSAGE(failure == nullptr ? "" : failure->message, failure == nullptr);
        CPPUNIT_ASSERT_EQUAL(scene.terms.pcrs.size() * 24, verified.pcrs.size());
        CPPUNIT_ASSERT(verified.ak->bytes == bytesOf(key.publicArea()));
        CPPUNIT_ASSERT(verified.ak->bytes != scene.message().akPublic);
        const auto ek = vtpm::TpmKey::parse(bytesOf(endorsementKey()));
        CPPUNIT_ASSERT(vtpm::parentOf(*verified.ak, verified.attest->qualifiedSigner, &ek) == "ek");
    }

    void isAnotherKeyEachTime() { CPPUNIT_ASSERT(ForgedKey().publicArea() != ForgedKey().publicArea()); }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ForgedKeyTest);

} // namespace
} // namespace teehost::guest
