// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>

#include <cppunit/extensions/HelperMacros.h>
#include <openssl/x509.h>

#include "cvms.pb.h"

#include "guest/agent/compute/manifest.h"
#include "guest/agent/compute/refusal.h"
#include "peer/peer_key.h"

namespace teehost::guest {
namespace {

using test::PeerKey;

class ManifestTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ManifestTest);
    CPPUNIT_TEST(readsAManifest);
    CPPUNIT_TEST(refusesWhatItCannotHoldTo);
    CPPUNIT_TEST(passesOverASourceThatIsNotFetched);
    CPPUNIT_TEST(knowsItsUsersBySignature);
    CPPUNIT_TEST(refusesOtherKeys);
    CPPUNIT_TEST_SUITE_END();

    const PeerKey rsa_{PeerKey::Kind::Rsa}, p256_{PeerKey::Kind::P256}, ed25519_{PeerKey::Kind::Ed25519};

    cvms::ComputationRunReq request() const
    {
        cvms::ComputationRunReq out;
        out.set_id("c-1");
        out.mutable_algorithm()->set_hash(std::string(32, 'a'));
        out.mutable_algorithm()->set_userkey(rsa_.publicKey());
        out.add_datasets()->set_hash(std::string(32, 'd'));
        out.mutable_datasets(0)->set_userkey(p256_.publicKey());
        out.mutable_datasets(0)->set_filename("iris.csv");
        out.add_result_consumers()->set_userkey(ed25519_.publicKey());
        out.mutable_agent_config()->set_port("7002");
        out.mutable_agent_config()->set_client_ca_file(
            "/etc/certs/ca.pem"); // of no use without a certificate
        return out;
    }

    void readsAManifest()
    {
        const auto manifest = parseManifest(request().SerializeAsString());
        CPPUNIT_ASSERT_EQUAL(std::string("c-1"), manifest.id);
        CPPUNIT_ASSERT_EQUAL(std::string(32, 'a'), manifest.algorithm.hash);
        CPPUNIT_ASSERT_EQUAL(std::string("iris.csv"), manifest.datasets.at(0).filename);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, manifest.consumers.size());
    }

    void refusesWhatItCannotHoldTo()
    {
        using Change = std::function<void(cvms::ComputationRunReq&)>;
        const struct Row {
            const char* words;
            Change change;
        } rows[] = {
            {"identifier", [](auto& r) { r.clear_id(); }},
            {"identifier", [](auto& r) { r.set_id(std::string(257, 'i')); }},
            {"no algorithm", [](auto& r) { r.clear_algorithm(); }},
            {"hash of the algorithm has 31",
             [](auto& r) { r.mutable_algorithm()->set_hash(std::string(31, 'a')); }},
            {"hash of dataset 1", [](auto& r) { r.mutable_datasets(0)->clear_hash(); }},
            {"user key", [](auto& r) { r.mutable_algorithm()->clear_userkey(); }},
            {"user key", [](auto& r) { r.mutable_datasets(0)->set_userkey("\x30\x03"); }},
            {"user key", [](auto& r) { r.mutable_result_consumers(0)->mutable_userkey()->append("x"); }},
            {"file name of dataset 1", [](auto& r) { r.mutable_datasets(0)->set_filename("../algo"); }},
            {"fetches nothing",
             [](auto& r) {
                 r.mutable_algorithm()->mutable_source()->set_url("s3://a/b");
                 r.mutable_algorithm()->mutable_kbs()->set_enabled(true);
             }},
            {"fetches nothing",
             [](auto& r) {
                 r.mutable_datasets(0)->mutable_source()->set_url("s3://a/b");
                 r.mutable_datasets(0)->mutable_source()->set_encrypted(true);
             }},
            {"plaintext", [](auto& r) { r.mutable_agent_config()->set_attested_tls(true); }},
            {"plaintext", [](auto& r) { r.mutable_agent_config()->set_cert_file("c"); }},
            {"256 datasets",
             [](auto& r) {
                 for (int i = 0; i < 256; ++i)
                     r.add_datasets();
             }},
            {"64 result consumers",
             [](auto& r) {
                 for (int i = 0; i < 64; ++i)
                     r.add_result_consumers();
             }},
        };
        for (const auto& row : rows) {
            auto changed = request();
            row.change(changed);
            requireRefusal(changed.SerializeAsString(), row.words);
        }
        requireRefusal("\xff\xff", "no ComputationRunReq");
        requireRefusal(std::string(kMaxManifestBytes + 1, '\0'), "at most 131072");
    }

    void passesOverASourceThatIsNotFetched()
    {
        auto given = request();
        given.mutable_algorithm()->mutable_source(); // empty
        given.mutable_datasets(0)->mutable_source()->set_url("s3://a/b");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, parseManifest(given.SerializeAsString()).datasets.size());
    }

    static void requireRefusal(const std::string& bytes, const std::string& words)
    {
        try {
            static_cast<void>(parseManifest(bytes));
            CPPUNIT_FAIL("not refused: " + words);
        } catch (const Refusal& e) {
            CPPUNIT_ASSERT_MESSAGE(e.what(), std::string(e.what()).find(words) != std::string::npos);
            CPPUNIT_ASSERT(e.kind() == Refusal::Kind::Input);
        }
    }

    void knowsItsUsersBySignature()
    {
        for (const auto* key : {&rsa_, &p256_, &ed25519_}) {
            const auto user = UserKey::parse(key->publicKey());
            const auto signature = key->sign(kConsumer);
            CPPUNIT_ASSERT(user.hasSigned(kConsumer, signature));
            CPPUNIT_ASSERT(!user.hasSigned(kDataProvider, signature));
            CPPUNIT_ASSERT(!user.hasSigned(kConsumer, ""));
            CPPUNIT_ASSERT(!user.hasSigned(kConsumer, "===="));
            CPPUNIT_ASSERT(!user.hasSigned(kConsumer, signature.substr(4)));
            CPPUNIT_ASSERT(!user.hasSigned(kConsumer, signature + signature));
            CPPUNIT_ASSERT(!user.hasSigned(kConsumer, std::string(4096, 'A')));
        }
        CPPUNIT_ASSERT(!UserKey::parse(p256_.publicKey()).hasSigned(kConsumer, rsa_.sign(kConsumer)));
    }

    void refusesOtherKeys()
    {
        EVP_PKEY* weak[] = {EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024}),
                            EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1"),
                            EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")};
        for (auto* key : weak) {
            unsigned char* der = nullptr;
            const int size = i2d_PUBKEY(key, &der);
            CPPUNIT_ASSERT(size > 0);
            const std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
            OPENSSL_free(der);
            EVP_PKEY_free(key);
            CPPUNIT_ASSERT_THROW(static_cast<void>(UserKey::parse(bytes)), Refusal);
        }
        CPPUNIT_ASSERT_THROW(static_cast<void>(UserKey::parse(std::string(1u << 20, '\x30'))), Refusal);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ManifestTest);

} // namespace
} // namespace teehost::guest
