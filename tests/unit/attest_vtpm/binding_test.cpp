// SPDX-License-Identifier: Apache-2.0
//
// Whose key signs: certificates, a TEE's report, the verifier's own memory.
#include "attest_vtpm/scene.h"
#include "quote/certification.h"
#include "x509_factory/x509_factory.h"

namespace teehost::vtpm::test {
namespace {

using x509_factory::CertificateTerms;
using x509_factory::makeCertificate;

class BindingTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(BindingTest);
    CPPUNIT_TEST(takesNoKeyThatNobodyVouchesFor);
    CPPUNIT_TEST(followsTheKeysCertificate);
    CPPUNIT_TEST(takesTheGuestsWordWhereAsked);
    CPPUNIT_TEST(tiesEndorsementKeysToVms);
    CPPUNIT_TEST_SUITE_END();

    const x509_factory::Key rootKey_ = x509_factory::makeEcKey(), caKey_ = x509_factory::makeEcKey();
    const kit::Certificate root_ = makeCertificate({"root", "root", rootKey_, rootKey_, true, false, 1});
    const kit::Certificate ca_ = makeCertificate({"ca", "root", caKey_, rootKey_, true, false, 2});

    [[nodiscard]] kit::Certificate leaf(const Key& key, const std::string& name) const
    {
        return makeCertificate({name, "ca", key, caKey_, false, false, 3});
    }

    static std::string bindingOf(const Evidence& evidence, const VerifyTerms& terms)
    {
        const Verified verified = verifyEvidence(evidence, terms);
        if (verified.binding)
            return std::string(nameOf(*verified.binding));
        for (const auto& line : verified.lines)
            if (line.id == "vtpm.ak_binding")
                return line.reason;
        return "?";
    }

    void takesNoKeyThatNobodyVouchesFor()
    {
        Scene scene;
        scene.policy = "{}";
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.ak_binding: ak_unbound"), scene.failure());
        scene.policy = R"({"ak_names": [")" + kit::toHex(tpmOf(scene.scheme).akName()) + R"("]})";
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.failure());
        CPPUNIT_ASSERT(scene.verify().binding == AkBinding::Pinned);
    }

    void followsTheKeysCertificate()
    {
        const Scene scene;
        Message message = scene.message();
        message.akCertificate = leaf(tpmOf(scene.scheme).key(), "ak").der();
        const Bytes bytes = write(message);
        const Evidence evidence = readAttestation(bytes);
        const std::vector pool{ca_}, anchors{root_};
        VerifyTerms terms = scene.verifyTerms();
        terms.policy = Policy();
        CPPUNIT_ASSERT_EQUAL(std::string("untrusted_root"), bindingOf(evidence, terms));
        terms.anchors = anchors;
        CPPUNIT_ASSERT_EQUAL(std::string("untrusted_root"), bindingOf(evidence, terms)); // no way to it
        terms.pool = pool;
        CPPUNIT_ASSERT_EQUAL(std::string("ak-certificate"), bindingOf(evidence, terms));
        terms.anchors = pool; // an intermediate is an anchor when it is given as one
        CPPUNIT_ASSERT_EQUAL(std::string("ak-certificate"), bindingOf(evidence, terms));
        terms.at += 3 * x509_factory::kYear;
        CPPUNIT_ASSERT_EQUAL(std::string("untrusted_root"), bindingOf(evidence, terms));
        terms.at = kNow;
        message.akCertificate = leaf(tpmOf(Scheme::RsaSsa).key(), "ak").der();
        const Bytes other = write(message);
        CPPUNIT_ASSERT_EQUAL(std::string("ak_key"), bindingOf(readAttestation(other), terms));
    }

    void takesTheGuestsWordWhereAsked()
    {
        const Scene scene;
        const Bytes teeNonce(64, 0x31);
        Message message = scene.message();
        const auto data = kit::hash(HashAlgorithm::Sha3_512,
                                    Writer().raw(teeNonce).raw(tpmOf(scene.scheme).akPublic()).bytes());
        message.snp = snpAttestation(data.view());
        const Bytes bytes = write(message);
        VerifyTerms terms = scene.verifyTerms();
        terms.policy = Policy::parse(R"({"ak_binding": ["guest-asserted"], "tee_nonce": ")" +
                                     kit::toHex(Bytes(32, 0x31)) + "\"}");
        CPPUNIT_ASSERT_EQUAL(std::string("report_data"), bindingOf(readAttestation(bytes), terms));
        terms.policy.teeNonce = teeNonce;
        CPPUNIT_ASSERT_EQUAL(std::string("guest-asserted"), bindingOf(readAttestation(bytes), terms));
        terms.policy.akBindings = Policy().akBindings;
        CPPUNIT_ASSERT_EQUAL(std::string("ak_unbound"), bindingOf(readAttestation(bytes), terms));
    }

    void tiesEndorsementKeysToVms()
    {
        const TpmKey ek = TpmKey::parse(tpmOf(Scheme::RsaSsa).akPublic());
        const auto certificate = EkCertificate::parse(leaf(tpmOf(Scheme::RsaSsa).key(), "vm-1").der());
        const std::vector pool{ca_}, anchors{root_};
        const auto reasonOf = [&](const EkTerms& terms) {
            const auto fault = ekCertificateFault(certificate, terms);
            return fault ? std::string(fault->reason) : std::string();
        };
        CPPUNIT_ASSERT_EQUAL(std::string(), reasonOf({pool, anchors, kNow, &ek, "vm-1"}));
        CPPUNIT_ASSERT_EQUAL(std::string("ek_vm"), reasonOf({pool, anchors, kNow, &ek, "vm-2"}));
        CPPUNIT_ASSERT_EQUAL(std::string("untrusted_root"), reasonOf({pool, {}, kNow, &ek, "vm-1"}));
        const TpmKey other = TpmKey::parse(tpmOf(Scheme::Ecdsa).akPublic());
        CPPUNIT_ASSERT_EQUAL(std::string("ek_key"), reasonOf({pool, anchors, kNow, &other, "vm-1"}));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BindingTest);

} // namespace
} // namespace teehost::vtpm::test
