// SPDX-License-Identifier: Apache-2.0
//
// Every bit of quote, signature, key and logs counts: one that is flipped is refused, by a check of those
// that must notice.
#include <set>

#include "attest_vtpm/scene.h"

namespace teehost::vtpm::test {
namespace {

class MutationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MutationTest);
    CPPUNIT_TEST(refusesEveryFlippedBitOfAQuote);
    CPPUNIT_TEST(refusesEveryFlippedBitOfASignature);
    CPPUNIT_TEST(refusesEveryFlippedBitOfAKey);
    CPPUNIT_TEST(refusesEveryFlippedBitOfTheDigestsOfALog);
    CPPUNIT_TEST(refusesEveryFlippedBitOfAnImaList);
    CPPUNIT_TEST_SUITE_END();

    /// By the ids that the first failure may have.
    static void flipAll(Scene& scene, Bytes& bytes, const std::set<std::string>& by)
    {
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.failure());
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
            const std::string failure = scene.failure();
            CPPUNIT_ASSERT_MESSAGE("bit " + std::to_string(bit) + ": " + failure,
                                   by.contains(failure.substr(0, failure.find(':'))));
            bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        }
    }

    void refusesEveryFlippedBitOfAQuote()
    {
        for (const Scheme scheme : {Scheme::RsaSsa, Scheme::RsaPss, Scheme::Ecdsa}) {
            Scene scene(scheme);
            flipAll(scene, scene.attest, {"vtpm.format", "vtpm.magic_type", "vtpm.signature"});
        }
    }

    void refusesEveryFlippedBitOfASignature()
    {
        for (const Scheme scheme : {Scheme::RsaSsa, Scheme::RsaPss, Scheme::Ecdsa}) {
            Scene scene(scheme);
            flipAll(scene, scene.signature, {"vtpm.format", "vtpm.signature"});
        }
    }

    void refusesEveryFlippedBitOfAKey()
    {
        // A key that nobody pins is anybody's. Its name is of every bit.
        for (const Scheme scheme : {Scheme::RsaSsa, Scheme::Ecdsa}) {
            Scene scene(scheme);
            scene.policy = R"({"ak_names": [")" + kit::toHex(tpmOf(scheme).akName()) + R"("]})";
            scene.akPublic = tpmOf(scheme).akPublic();
            flipAll(scene, scene.akPublic, {"vtpm.format", "vtpm.ak_attributes", "vtpm.ak_binding"});
        }
    }

    void refusesEveryFlippedBitOfTheDigestsOfALog()
    {
        // Data and types of events, and the PCRs of events that extend nothing, are not authenticated; what
        // the policy concludes from them must hold.
        Scene scene;
        scene.ima.clear();
        scene.policy = R"({"ak_binding": ["none"], "secure_boot": false, "command_line": "console=ttyS0"})";
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.failure());
        std::size_t refused = 0;
        for (std::size_t bit = 0; bit < scene.log.size() * 8; ++bit) {
            scene.log[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
            const std::string failure = scene.failure();
            const std::string id = failure.substr(0, failure.find(':'));
            CPPUNIT_ASSERT_MESSAGE(failure, id.empty() || id == "vtpm.format" || id == "vtpm.log_replay" ||
                                                id == "vtpm.event_policy");
            CPPUNIT_ASSERT_MESSAGE("bit " + std::to_string(bit), !id.empty() || !isDigest(bit / 8));
            refused += id.empty() ? 0 : 1;
            scene.log[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        }
        CPPUNIT_ASSERT(refused > scene.log.size() * 8 / 2);
    }

    /// Whether the byte of the scene's log is of a digest that extends a PCR.
    static bool isDigest(std::size_t offset)
    {
        const Scene scene;
        static const std::set<std::size_t> kDigests = [&] {
            std::set<std::size_t> out;
            for (const Event& event : EventLog::parse(scene.log).events)
                for (const auto digest : event.digests)
                    for (std::size_t i = 0; i < digest.size(); ++i)
                        out.insert(static_cast<std::size_t>(digest.data() - scene.log.data()) + i);
            return out;
        }();
        return kDigests.contains(offset);
    }

    void refusesEveryFlippedBitOfAnImaList()
    {
        Scene scene;
        flipAll(scene, scene.ima, {"vtpm.ima"});
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MutationTest);

} // namespace
} // namespace teehost::vtpm::test
