// SPDX-License-Identifier: Apache-2.0
//
// Quotes: what is accepted, and each thing that is refused, by the check that must refuse it.
#include "attest_vtpm/scene.h"

namespace teehost::vtpm::test {
namespace {

class QuoteTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(QuoteTest);
    CPPUNIT_TEST(acceptsEveryScheme);
    CPPUNIT_TEST(refusesWhatNoTpmMade);
    CPPUNIT_TEST(refusesAnotherNonce);
    CPPUNIT_TEST(takesANonceWithZerosBehindIt);
    CPPUNIT_TEST(refusesKeysThatProveNothing);
    CPPUNIT_TEST(refusesOtherPcrs);
    CPPUNIT_TEST(noticesResetsAndOldQuotes);
    CPPUNIT_TEST(readsKeysInBothForms);
    CPPUNIT_TEST(refusesEncodingsThatAreNotCanonical);
    CPPUNIT_TEST(namesParents);
    CPPUNIT_TEST_SUITE_END();

    void acceptsEveryScheme()
    {
        for (const Scheme scheme : {Scheme::RsaSsa, Scheme::RsaPss, Scheme::Ecdsa}) {
            const Scene scene(scheme);
            CPPUNIT_ASSERT_EQUAL(std::string(), scene.failure());
            Scene other(scheme);
            other.attest = Scene(scheme == Scheme::Ecdsa ? Scheme::RsaSsa : Scheme::Ecdsa).attest;
            CPPUNIT_ASSERT_EQUAL(std::string("vtpm.signature: signature"), other.failure());
        }
        Scene pss(Scheme::RsaPss); // the key's scheme is its own, whatever OpenSSL would accept
        pss.signature[1] = 0x14;
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.signature: signature"), pss.failure());
    }

    void refusesWhatNoTpmMade()
    {
        Scene scene;
        scene.terms.magic = 0xFF544348;
        scene.quote();
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.magic_type: magic"), scene.failure());
        scene.terms.magic = QuoteTerms().magic;
        scene.terms.type = 0x801A; // a creation: of another shape, and not what is asked for
        scene.quote();
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.magic_type: type"), scene.failure());
        Scene longer;
        longer.attest.push_back(0);
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.format: malformed"), longer.failure());
        for (std::size_t size = 0; size < longer.attest.size() - 1; ++size) {
            Scene cut;
            cut.attest.resize(size);
            CPPUNIT_ASSERT_EQUAL(std::string("vtpm.format: malformed"), cut.failure());
        }
    }

    void refusesAnotherNonce()
    {
        Scene scene;
        scene.nonce[31] ^= 1;
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.nonce: nonce"), scene.failure());
        scene.nonce = Bytes(31, 0x5A);
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.nonce: nonce"), scene.failure());
        scene.nonce.clear(); // not asked
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.failure());
    }

    void takesANonceWithZerosBehindIt()
    {
        Scene scene;
        scene.nonce = {1, 2, 3};
        scene.terms.nonce = {1, 2, 3};
        scene.quote();
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.failure());
        scene.terms.nonce.resize(32);
        scene.quote();
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.failure());
        scene.terms.nonce.resize(33);
        scene.quote();
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.nonce: nonce"), scene.failure());
    }

    void refusesKeysThatProveNothing()
    {
        // Without restricted, the guest itself signs whatever looks like a quote.
        for (const std::uint32_t attributes :
             {0x00040072u, 0x00050070u, 0x00050062u, 0x00050052u, 0x00070072u, 0x00010072u}) {
            const SoftTpm other(Scheme::Ecdsa, attributes);
            Scene scene;
            scene.akPublic = other.akPublic();
            scene.signature = other.sign(scene.attest);
            CPPUNIT_ASSERT_EQUAL(std::string("vtpm.ak_attributes: ak_attributes"), scene.failure());
        }
    }

    void refusesOtherPcrs()
    {
        Scene scene;
        scene.terms.pcrs[HashAlgorithm::Sha2_384][4][0] ^= 1; // in the table, not in the quote
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.pcr_digest: pcr_digest"), scene.failure());
        Scene missing;
        missing.terms.pcrs[HashAlgorithm::Sha2_256].erase(7);
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.pcr_digest: pcr_values"), missing.failure());
    }

    void noticesResetsAndOldQuotes()
    {
        Scene scene;
        scene.last = {.resetCount = 3, .restartCount = 1, .clock = 5000};
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.failure());
        scene.last.clock = 5001;
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.counters: clock"), scene.failure());
        scene.last = {.resetCount = 2};
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.counters: rebooted"), scene.failure());
        scene.last = {.resetCount = 3, .restartCount = 0, .clock = 5000};
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.counters: restarted"), scene.failure());
        Scene unsafe;
        unsafe.terms.safe = 0;
        unsafe.quote();
        const Verified verified = unsafe.verify();
        CPPUNIT_ASSERT(std::any_of(verified.lines.begin(), verified.lines.end(), [](const auto& line) {
            return line.id == "vtpm.counters" && line.outcome == kit::Outcome::Warn;
        }));
    }

    void readsKeysInBothForms()
    {
        const Bytes& area = tpmOf(Scheme::RsaSsa).akPublic();
        const Bytes sized = Writer().sized(area).bytes();
        CPPUNIT_ASSERT(TpmKey::parse(sized).bytes == area);
        CPPUNIT_ASSERT(TpmKey::parse(sized).name() == tpmOf(Scheme::RsaSsa).akName());
    }

    void refusesEncodingsThatAreNotCanonical()
    {
        Bytes area = tpmOf(Scheme::RsaSsa).akPublic();
        area[23] = 0x07; // 1792 bits, with a modulus of 2048
        try {
            static_cast<void>(TpmKey::parse(area));
            CPPUNIT_FAIL("accepted");
        } catch (const kit::InputError& e) {
            CPPUNIT_ASSERT(e.reason() == "key" || e.reason() == "malformed");
        }
        Scene scene;
        scene.terms.safe = 2; // neither yes nor no
        scene.quote();
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.format: malformed"), scene.failure());
    }

    void namesParents()
    {
        const TpmKey key = TpmKey::parse(tpmOf(Scheme::Ecdsa).akPublic());
        const Attest attest = Attest::parse(Scene().attest);
        CPPUNIT_ASSERT_EQUAL(std::string_view("owner"), parentOf(key, attest.qualifiedSigner));
        CPPUNIT_ASSERT_EQUAL(std::string_view("unknown"), parentOf(key, Bytes(34)));
        const TpmKey ek = TpmKey::parse(tpmOf(Scheme::RsaSsa).akPublic());
        const Bytes endorsement{0x40, 0, 0, 0x0B};
        CPPUNIT_ASSERT_EQUAL(std::string_view("ek"),
                             parentOf(key, key.qualifiedName(ek.qualifiedName(endorsement)), &ek));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(QuoteTest);

} // namespace
} // namespace teehost::vtpm::test
