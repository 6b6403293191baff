// SPDX-License-Identifier: Apache-2.0
//
// A key that answered a challenge: what the challenge is, and what follows from an answer.
#include <algorithm>
#include <map>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "attest_vtpm.h"
#include "attest_vtpm/scene.h"
#include "host/plugin/contract.h"
#include "plugin/support.h"
#include "quote/credential.h"
#include "x509_factory/x509_factory.h"

namespace teehost::vtpm::test {
namespace {

using plugin::Blob;
using plugin::Named;
using x509_factory::makeCertificate;

constexpr std::uint32_t kEkAttributes = 0x000300b2;
constexpr const char* kVm = "6c1e4fe6-3c36-4a52-9ff0-9f8fd3b9a001";

const SoftTpm& endorsement()
{
    static const SoftTpm kKey(Scheme::RsaSsa, kEkAttributes);
    return kKey;
}

Bytes hmac(kit::ByteView key, const Bytes& message)
{
    Bytes out(32);
    unsigned size = 32;
    ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
           out.data(), &size);
    return out;
}

/// One round of KDFa: no more than 32 bytes are ever wanted.
Bytes kdfa(const Bytes& key, std::string_view label, kit::ByteView context, unsigned bits)
{
    Bytes out = hmac(key, Writer().big(1, 4).text(label).big(0, 1).raw(context).big(bits, 4).bytes());
    out.resize(bits / 8);
    return out;
}

/// RSAES-OAEP with the endorsement key's private half.
Bytes decryptSeed(const Bytes& encrypted)
{
    EVP_PKEY_CTX* run = ::EVP_PKEY_CTX_new(endorsement().key().get(), nullptr);
    void* label = ::OPENSSL_memdup("IDENTITY", 9);
    CPPUNIT_ASSERT(::EVP_PKEY_decrypt_init(run) == 1 &&
                   ::EVP_PKEY_CTX_set_rsa_padding(run, RSA_PKCS1_OAEP_PADDING) == 1 &&
                   ::EVP_PKEY_CTX_set_rsa_oaep_md(run, ::EVP_sha256()) == 1 &&
                   ::EVP_PKEY_CTX_set0_rsa_oaep_label(run, label, 9) == 1);
    Bytes seed(256);
    std::size_t size = seed.size();
    CPPUNIT_ASSERT_EQUAL(1, ::EVP_PKEY_decrypt(run, seed.data(), &size, encrypted.data(), encrypted.size()));
    ::EVP_PKEY_CTX_free(run);
    seed.resize(size);
    return seed;
}

/// What TPM2_ActivateCredential does; empty when the TPM would refuse.
Bytes activate(const Bytes& challenge, const Bytes& name)
{
    const auto sized = [&](std::size_t at) {
        const std::size_t size = std::size_t{challenge.at(at)} << 8 | challenge.at(at + 1);
        return Bytes(challenge.begin() + static_cast<std::ptrdiff_t>(at + 2),
                     challenge.begin() + static_cast<std::ptrdiff_t>(at + 2 + size));
    };
    const Bytes idObject = sized(0), seed = decryptSeed(sized(2 + idObject.size()));
    const Bytes integrity(idObject.begin() + 2, idObject.begin() + 34),
        identity(idObject.begin() + 34, idObject.end());
    if (hmac(kdfa(seed, "INTEGRITY", {}, 256), Writer().raw(identity).raw(name).bytes()) != integrity)
        return {};
    const Bytes key = kdfa(seed, "STORAGE", name, 128), zeros(16);
    Bytes plain(identity.size());
    int size = 0;
    EVP_CIPHER_CTX* run = ::EVP_CIPHER_CTX_new();
    ::EVP_DecryptInit_ex(run, ::EVP_aes_128_cfb128(), nullptr, key.data(), zeros.data());
    ::EVP_DecryptUpdate(run, plain.data(), &size, identity.data(), static_cast<int>(identity.size()));
    ::EVP_CIPHER_CTX_free(run);
    return {plain.begin() + 2, plain.end()};
}

class ActivationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ActivationTest);
    CPPUNIT_TEST(makesCredentialsThatOnlyTheKeysOpen);
    CPPUNIT_TEST(bindsTheKeyThatAnswered);
    CPPUNIT_TEST(bindsTheKeyOfAnSvsm);
    CPPUNIT_TEST(challengesThroughTheContract);
    CPPUNIT_TEST(makesNoChallengeForStrangers);
    CPPUNIT_TEST_SUITE_END();

    const Scene scene_;
    plugin::test::KeptLog kept_;
    const x509_factory::Key rootKey_ = x509_factory::makeEcKey();
    const kit::Certificate root_ = makeCertificate({"root", "root", rootKey_, rootKey_, true, false, 1});
    const Bytes certificate_ =
        makeCertificate({kVm, "root", endorsement().key(), rootKey_, false, false, 3}).der();
    const std::vector<kit::Certificate> anchors_{root_};

    [[nodiscard]] Bytes akName() const { return tpmOf(scene_.scheme).akName(); }

    [[nodiscard]] VerifyTerms terms() const
    {
        VerifyTerms out = scene_.verifyTerms();
        out.anchors = anchors_;
        out.policy = Policy();
        out.policy.activatedAk = akName();
        out.policy.activatedEk = endorsement().akName();
        return out;
    }

    static std::string bindingOf(const Evidence& evidence, const VerifyTerms& terms)
    {
        const Verified verified = verifyEvidence(evidence, terms);
        for (const auto& line : verified.lines)
            if (line.id == "vtpm.ak_binding" && !verified.binding)
                return line.reason;
        return verified.binding ? std::string(nameOf(*verified.binding)) : "?";
    }

    void makesCredentialsThatOnlyTheKeysOpen()
    {
        const TpmKey ek = TpmKey::parse(endorsement().akPublic());
        const Bytes secret(32, 0x42);
        const Bytes challenge = makeCredential(ek, akName(), secret);
        CPPUNIT_ASSERT(activate(challenge, akName()) == secret);
        CPPUNIT_ASSERT(activate(challenge, tpmOf(Scheme::RsaPss).akName()).empty());
        CPPUNIT_ASSERT(makeCredential(ek, akName(), secret) != challenge); // each has a seed of its own
        const TpmKey other = TpmKey::parse(tpmOf(Scheme::Ecdsa).akPublic());
        CPPUNIT_ASSERT_THROW((void)makeCredential(other, akName(), secret), kit::InputError);
    }

    void bindsTheKeyThatAnswered()
    {
        const Bytes message = write(scene_.message());
        Evidence evidence = readAttestation(message);
        CPPUNIT_ASSERT_EQUAL(std::string("ak_ek"), bindingOf(evidence, terms())); // no endorsement key
        evidence.ekPublic = endorsement().akPublic();
        CPPUNIT_ASSERT_EQUAL(std::string("ak_ek"), bindingOf(evidence, terms())); // nobody certified it
        evidence.ekCertificate = certificate_;
        CPPUNIT_ASSERT_EQUAL(std::string("activated"), bindingOf(evidence, terms()));
        VerifyTerms other = terms();
        other.policy.activatedAk.back() ^= 1;
        CPPUNIT_ASSERT_EQUAL(std::string("ak_ek"), bindingOf(evidence, other));
        other = terms();
        other.policy.activatedEk.back() ^= 1;
        CPPUNIT_ASSERT_EQUAL(std::string("ak_ek"), bindingOf(evidence, other));
        other = terms();
        other.policy.activatedAk.clear(); // nobody answered
        CPPUNIT_ASSERT_EQUAL(std::string("ak_unbound"), bindingOf(evidence, other));
    }

    /// SevSnpSvsmAttestation.
    [[nodiscard]] Bytes svsmMessage(std::uint32_t vmpl, const Bytes& manifest) const
    {
        Bytes nonce = scene_.nonce;
        nonce.resize(64);
        const auto data = kit::hash(HashAlgorithm::Sha2_512, Writer().raw(nonce).raw(manifest).bytes());
        Bytes out;
        putField(out, 1, write(scene_.message()));
        putField(out, 2, snpAttestation(data.view(), vmpl));
        putField(out, 3, endorsement().akPublic());
        putField(out, 4, kit::viewOf("0"));
        return out;
    }

    void bindsTheKeyOfAnSvsm()
    {
        const Bytes good = svsmMessage(0, endorsement().akPublic());
        CPPUNIT_ASSERT_EQUAL(std::string("activated"), bindingOf(readAttestation(good), terms()));
        const Bytes guests = svsmMessage(2, endorsement().akPublic());
        CPPUNIT_ASSERT_EQUAL(std::string("vmpl"), bindingOf(readAttestation(guests), terms()));
        const Bytes another = svsmMessage(0, tpmOf(Scheme::RsaPss).akPublic());
        CPPUNIT_ASSERT_EQUAL(std::string("report_data"), bindingOf(readAttestation(another), terms()));
        VerifyTerms unanswered = terms();
        unanswered.policy.activatedAk.clear();
        CPPUNIT_ASSERT_EQUAL(std::string("ak_unbound"), bindingOf(readAttestation(good), unanswered));
    }

    [[nodiscard]] std::unique_ptr<plugin::Plugin> pluginOf(const std::string& provider)
    {
        auto out = plugin::test::takeUncreated(sdk::Bridge<AttestVtpm>::entry, kept_.log);
        plugin::CallContext context;
        context.option = [provider](std::string_view key) -> std::optional<settings::Value> {
            const std::map<std::string_view, std::string> values{{"attest-vtpm.provider", provider},
                                                                 {"attest-vtpm.ca_dir", "/not/there"},
                                                                 {"attest-vtpm.banks", "sha256"},
                                                                 {"attest-vtpm.device", "tpm-crb"}};
            const auto it = values.find(key);
            return it == values.end() ? std::nullopt : std::optional(settings::Value(it->second));
        };
        out->create(context);
        return out;
    }

    static plugin::VmFacts vm()
    {
        plugin::VmFacts facts;
        facts.vmId = kVm;
        facts.igvm = "/svsm.igvm";
        facts.confidential = true;
        return facts;
    }

    void challengesThroughTheContract()
    {
        const auto plugin = pluginOf("none");
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{TH_EVIDENCE_SNP_VTPM}, plugin->evidence({}, vm()));
        plugin::VerifyRequest request;
        request.evidence = {{"tpm.attestation", svsmMessage(0, endorsement().akPublic())}};
        request.reportData = scene_.nonce;
        request.atWallNs = kNow * 1'000'000'000;
        CPPUNIT_ASSERT(!plugin->verify({}, request).accepted); // nobody answered for the key
        const auto challenge = plugin->challenge({}, vm(), request.evidence);
        CPPUNIT_ASSERT(challenge && activate(challenge->challenge, akName()) == challenge->answer);
        request.reference = challenge->reference;
        const auto result = plugin->verify({}, request);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.reason, true, result.accepted);
        const auto claim = [&](std::string_view key) {
            const auto it = std::find_if(result.claims.begin(), result.claims.end(),
                                         [&](const Named& one) { return one.key == key; });
            return it == result.claims.end() ? plugin::ClaimValue() : it->value;
        };
        CPPUNIT_ASSERT(claim("vtpm.rooted_in") == plugin::ClaimValue(std::string("tee")));
        CPPUNIT_ASSERT(std::holds_alternative<Bytes>(claim("evidence.snp.report")));
        // What is kept is taken back, and holds the next verdict to it.
        request.reference.push_back({"vtpm.clock", claim("kept.vtpm.clock")});
        request.reference.push_back({"vtpm.reset_count", claim("kept.vtpm.reset_count")});
        CPPUNIT_ASSERT(plugin->verify({}, request).accepted);
        std::get<std::uint64_t>(request.reference.back().value) += 1;
        CPPUNIT_ASSERT(!plugin->verify({}, request).accepted);
    }

    void makesNoChallengeForStrangers()
    {
        const auto plugin = pluginOf("swtpm"); // whose authority is not there
        plugin::VmFacts plain = vm();
        plain.confidential = false;
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{TH_EVIDENCE_VTPM}, plugin->evidence({}, plain));
        CPPUNIT_ASSERT_THROW((void)pluginOf("none")->evidence({}, plain), Error);
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{TH_EVIDENCE_SNP_VTPM}, plugin->evidence({}, vm()));
        std::vector<Blob> evidence{{"tpm.attestation", write(scene_.message())},
                                   {"tpm.ek", endorsement().akPublic()}};
        const auto refused = [&](const std::string& why) {
            try {
                (void)plugin->challenge({}, vm(), evidence);
            } catch (const Error& error) {
                CPPUNIT_ASSERT_MESSAGE(error.what(),
                                       std::string(error.what()).find(why) != std::string::npos);
                return true;
            }
            return false;
        };
        CPPUNIT_ASSERT(refused("no endorsement key with a certificate"));
        evidence.push_back({"tpm.ek_certificate", certificate_});
        CPPUNIT_ASSERT(refused("no trust anchor"));
        plugin::VmFacts without = vm();
        without.igvm.clear();
        CPPUNIT_ASSERT_THROW((void)plugin->evidence({}, without), Error); // SNP with OVMF
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ActivationTest);

} // namespace
} // namespace teehost::vtpm::test
