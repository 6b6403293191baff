// SPDX-License-Identifier: Apache-2.0
//
// The forms evidence comes in, and rules of a policy.
#include "attest_vtpm/scene.h"
#include "x509_factory/x509_factory.h"

namespace teehost::vtpm::test {
namespace {

std::string reasonOf(auto&& read)
{
    try {
        static_cast<void>(read());
        return "";
    } catch (const kit::InputError& e) {
        return std::string(e.reason());
    }
}

class EvidenceTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EvidenceTest);
    CPPUNIT_TEST(readsMessagesAndTokens);
    CPPUNIT_TEST(refusesFieldsThatStandTwice);
    CPPUNIT_TEST(refusesMessagesOfSomethingElse);
    CPPUNIT_TEST(rebuildsTheReportThatWasSigned);
    CPPUNIT_TEST(takesCertificatesOnlyForCertificates);
    CPPUNIT_TEST(tellsPiecesApart);
    CPPUNIT_TEST(refusesPiecesThatDoNotGoTogether);
    CPPUNIT_TEST(keepsEveryRule);
    CPPUNIT_TEST(refusesRulesItDoesNotKnow);
    CPPUNIT_TEST(refusesEventsThatMakeOtherPcrs);
    CPPUNIT_TEST(noticesAKernelThatWasNotMeasured);
    CPPUNIT_TEST(matchesPaths);
    CPPUNIT_TEST_SUITE_END();

    void readsMessagesAndTokens()
    {
        const Scene scene;
        const Bytes message = write(scene.message());
        const auto accepted = [&](const Evidence& evidence) {
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, evidence.quotes.size());
            const Verified verified = verifyEvidence(evidence, scene.verifyTerms());
            const auto* failure = kit::firstObjection(verified.lines);
            CPPUNIT_ASSERT_MESSAGE(failure == nullptr ? "" : failure->message, failure == nullptr);
            CPPUNIT_ASSERT_EQUAL(std::size_t{48}, verified.pcrs.size());
        };
        accepted(readAttestation(message));
        for (const bool cose : {false, true}) {
            const Bytes wrapped = token(message, "vTPM", cose);
            accepted(readToken(wrapped));
            const Bytes other = token(message, "TDX", cose);
            CPPUNIT_ASSERT_EQUAL(std::string("platform"), reasonOf([&] { return readToken(other); }));
            for (std::size_t cut = 1; cut < 200; ++cut) {
                const auto shorter = kit::ByteView(wrapped).first(wrapped.size() - cut);
                CPPUNIT_ASSERT_EQUAL(std::string("malformed"), reasonOf([&] { return readToken(shorter); }));
            }
        }
    }

    void refusesFieldsThatStandTwice()
    {
        const Scene scene;
        const Bytes message = write(scene.message());
        for (const unsigned number : {1u, 3u}) {
            Bytes twice = message;
            putField(twice, number, Bytes{1});
            CPPUNIT_ASSERT_EQUAL(std::string("malformed"), reasonOf([&] { return readAttestation(twice); }));
        }
    }

    void refusesMessagesOfSomethingElse()
    {
        Message message = Scene().message();
        message.akPublic.clear();
        for (const Bytes& bytes : {write(message), Bytes(), Bytes{0x0A, 0x01, 0x00}, Bytes(200, 0xFF)})
            CPPUNIT_ASSERT_EQUAL(std::string("malformed"), reasonOf([&] { return readAttestation(bytes); }));
        message = Scene().message();
        message.quotes[0].pcrs[3].pop_back();
        const Bytes odd = write(message);
        CPPUNIT_ASSERT_EQUAL(std::string("malformed"), reasonOf([&] { return readAttestation(odd); }));
    }

    void rebuildsTheReportThatWasSigned()
    {
        const Bytes data(64, 0x77), bytes = snpAttestation(data);
        const SnpPart part = readSnpAttestation(bytes);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0x4A0}, part.report.size());
        const kit::ByteView report(part.report);
        CPPUNIT_ASSERT(kit::equal(report.subspan(0x50, 64), data));
        CPPUNIT_ASSERT(kit::equal(report.subspan(0x8, 8), Bytes({0, 0, 3, 0, 0, 0, 0, 0})));
        CPPUNIT_ASSERT(kit::equal(report.subspan(0x188, 3), Bytes({0x19, 0x01, 0x01}))); // Milan
        CPPUNIT_ASSERT(kit::equal(report.subspan(0x2A0, 512), Bytes(512, 0xCD)));
        const Bytes wrong = snpAttestation(Bytes(63));
        CPPUNIT_ASSERT_EQUAL(std::string("malformed"), reasonOf([&] { return readSnpAttestation(wrong); }));
    }

    void takesCertificatesOnlyForCertificates()
    {
        const auto key = x509_factory::makeEcKey();
        const Bytes certificate = x509_factory::makeCertificate({"a", "a", key, key}).der(),
                    crl = x509_factory::makeCrl({"a", key}).der();
        const std::string crlText = x509_factory::pem("X509 CRL", crl),
                          both = x509_factory::pem("CERTIFICATE", certificate) + crlText;
        Bytes chain, message = snpAttestation(Bytes(64, 0x77));
        for (const Bytes& one : {crl, Bytes(crlText.begin(), crlText.end()), Bytes(both.begin(), both.end()),
                                 Bytes{1, 2, 3}, certificate})
            for (const unsigned number : {1u, 2u, 3u, 6u})
                putField(chain, number, one);
        putField(message, 2, chain);
        const SnpPart part = readSnpAttestation(message);
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, part.certificates.size());
        for (const kit::ByteView one : part.certificates)
            CPPUNIT_ASSERT(kit::equal(one, certificate));
    }

    void tellsPiecesApart()
    {
        const Scene scene;
        const Bytes message = write(scene.message()), wrapped = token(message, "SNP-vTPM", true),
                    table = scene.table();
        const auto kindOf = [](const Bytes& bytes) {
            const auto piece = classify("", bytes);
            return piece ? static_cast<int>(piece->kind) : -1;
        };
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(PieceKind::Attestation), kindOf(message));
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(PieceKind::Token), kindOf(wrapped));
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(PieceKind::Attest), kindOf(scene.attest));
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(PieceKind::Signature), kindOf(scene.signature));
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(PieceKind::AkPublic), kindOf(tpmOf(Scheme::RsaSsa).akPublic()));
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(PieceKind::Pcrs), kindOf(table));
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(PieceKind::EventLog), kindOf(scene.log));
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(PieceKind::ImaLog), kindOf(scene.ima));
        CPPUNIT_ASSERT_EQUAL(-1, kindOf(Bytes(100, 0x20)));
        CPPUNIT_ASSERT(!classify("snp.report", scene.attest));
    }

    void refusesPiecesThatDoNotGoTogether()
    {
        const Scene scene;
        const Bytes message = write(scene.message());
        const Piece whole{PieceKind::Attestation, message}, attest{PieceKind::Attest, scene.attest},
            signature{PieceKind::Signature, scene.signature},
            key{PieceKind::AkPublic, tpmOf(scene.scheme).akPublic()};
        for (const std::vector<Piece>& pieces : {std::vector<Piece>{},
                                                 {attest, key},
                                                 {attest, signature},
                                                 {signature, key},
                                                 {whole, whole},
                                                 {whole, attest},
                                                 {attest, signature, key, key}})
            CPPUNIT_ASSERT_EQUAL(std::string("pieces"), reasonOf([&] { return gather(pieces); }));
        CPPUNIT_ASSERT_EQUAL(std::string(), reasonOf([&] {
                                 return gather(std::vector<Piece>{attest, signature, key});
                             }));
    }

    void keepsEveryRule()
    {
        const Scene scene;
        const std::string kernel = kit::toHex(kit::sha256(kit::viewOf("kernel"))),
                          other = kit::toHex(kit::sha256(kit::viewOf("other"))),
                          pcr4 = kit::toHex(scene.terms.pcrs.at(HashAlgorithm::Sha2_256).at(4));
        struct Row {
            std::string rule, failure;
        };
        const Row rows[]{
            {R"("secure_boot": false)", ""},
            {R"("secure_boot": true)", "vtpm.event_policy: secure_boot"},
            {R"("command_line": ["quiet", "console=ttyS0"])", ""},
            {R"("command_line": "quiet")", "vtpm.event_policy: command_line"},
            {R"("kernel_digest": ")" + kernel + "\"", ""},
            {R"("kernel_digest": ")" + other + "\"", "vtpm.event_policy: kernel_digest"},
            {R"("required_pcrs": [0, 4, 22])", ""},
            {R"("pcrs": {"sha256": {"4": [")" + other + R"(", ")" + pcr4 + R"("]}})", ""},
            {R"("pcrs": {"sha256": {"4": ")" + other + R"("}})", "vtpm.pcr_policy: pcr_policy"},
            {R"("pcrs": {"sha512": {"4": ")" + other + other + R"("}})", "vtpm.pcr_policy: pcr_missing"},
            {R"("ima": {"required": true})", ""},
            {R"("ima": {"allow": [{"path": "/bin/*"}, {"path": "/usr/bin/agent"}]})", ""},
            {R"("ima": {"allow": [{"path": "/bin/*"}]})", "vtpm.ima: ima_unrecognized"},
            {R"("ima": {"allow": [{"path": "*", "digests": [")" + kernel + R"("]}]})",
             "vtpm.ima: ima_unrecognized"},
            {R"("ak_names": [")" + kernel + R"("])", "vtpm.ak_binding: ak_pinned"},
            {R"("vm_id": "some")", "vtpm.ek_certificate: ek_missing"},
        };
        for (const Row& row : rows) {
            Scene one = scene;
            one.policy = R"({"ak_binding": ["none"], )" + row.rule + "}";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.rule, row.failure, one.failure());
        }
        Scene bare = scene;
        bare.log.clear();
        bare.policy = R"({"ak_binding": ["none"], "require_event_log": true})";
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.event_policy: event_log"), bare.failure());
        bare.policy = kAnyKey;
        bare.ima.clear();
        CPPUNIT_ASSERT_EQUAL(std::string(), bare.failure());
        bare.policy = R"({"ak_binding": ["none"], "ima": {"required": true}})";
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.ima: ima_missing"), bare.failure());
    }

    void refusesRulesItDoesNotKnow()
    {
        for (const char* json :
             {"", "[]", R"({"secureboot": true})", R"({"secure_boot": 1})",
              R"({"pcrs": {"sha1": {"0": "00"}}})", R"({"pcrs": {"sha256": {"16": "00"}}})",
              R"({"required_pcrs": [23]})", R"({"required_pcrs": []})", R"({"kernel_digest": "abc"})",
              R"({"ak_binding": ["hope"]})", R"({"ima": {"allow": [{"digests": ["00"]}]}})",
              R"({"pcrs": {"sha256": {"0": "00"}}})"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(json, std::string("policy"),
                                         reasonOf([&] { return Policy::parse(json); }));
    }

    void refusesEventsThatMakeOtherPcrs()
    {
        Scene scene;
        auto events = scene.events;
        events.push_back({9, 0x6, {1}, {1}});
        scene.log = vtpm_factory::eventLog(events, scene.banks);
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.log_replay: replay_mismatch"), scene.failure());
        scene.log = vtpm_factory::eventLog(scene.events, {HashAlgorithm::Sha1});
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.log_replay: replay_bank"), scene.failure());
        // What the guest extends beyond firmware's registers is its own affair.
        Scene running;
        auto& pcr11 = running.terms.pcrs[HashAlgorithm::Sha2_256][11];
        pcr11[0] ^= 1;
        running.quote();
        CPPUNIT_ASSERT_EQUAL(std::string(), running.failure());
    }

    void noticesAKernelThatWasNotMeasured()
    {
        Scene scene;
        auto events = scene.events;
        events.erase(events.begin() + 5);
        scene.boot(events);
        CPPUNIT_ASSERT_EQUAL(std::string("vtpm.event_policy: kernel_not_measured"), scene.failure());
    }

    void matchesPaths()
    {
        CPPUNIT_ASSERT(matches("*", "") && matches("/a/*", "/a/b/c") && matches("/?", "/x"));
        CPPUNIT_ASSERT(matches("*a*b", "xaxab") && matches("", ""));
        CPPUNIT_ASSERT(!matches("/a/*", "/a") && !matches("?", "") && !matches("*b", "a") &&
                       !matches("", "a"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EvidenceTest);

} // namespace
} // namespace teehost::vtpm::test
