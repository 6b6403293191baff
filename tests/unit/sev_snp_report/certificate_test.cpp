// SPDX-License-Identifier: Apache-2.0
//
// Certificates and CRLs: what of them can be wrong, and that no bit of one can be changed.
#include "input_error.h"
#include "report/collateral.h"
#include "sev_snp_report/scene.h"

namespace teehost::sev_snp::test {
namespace {

constexpr const char* kAmd = "1.3.6.1.4.1.3704.1.";

Extension& extension(CertificateTerms& terms, const std::string& oid)
{
    for (Extension& one : terms.extensions)
        if (one.oid == kAmd + oid)
            return one;
    throw std::runtime_error("no extension " + oid);
}

void drop(CertificateTerms& terms, const std::string& oid)
{
    std::erase_if(terms.extensions, [&](const Extension& one) { return one.oid == kAmd + oid; });
}

class CertificateTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CertificateTest);
    CPPUNIT_TEST(refusesEachFieldThatIsWrong);
    CPPUNIT_TEST(acceptsOtherFormsOfTheSame);
    CPPUNIT_TEST(refusesChainsThatAreNone);
    CPPUNIT_TEST(refusesTimesOutsideValidity);
    CPPUNIT_TEST(judgesRevocation);
    CPPUNIT_TEST(refusesEveryFlippedBit);
    CPPUNIT_TEST(saysWhatIsMissing);
    CPPUNIT_TEST(findsTheRightOfSeveral);
    CPPUNIT_TEST_SUITE_END();

    void refusesEachFieldThatIsWrong()
    {
        struct Row {
            const char* reason;
            std::function<void(CertificateTerms&)> change;
        };
        const std::vector<Row> rows{
            {"tcb_mismatch", [](auto& t) { extension(t, "3.1").value = derInteger(5); }},
            {"tcb_mismatch", [](auto& t) { extension(t, "3.2").value = derInteger(1); }},
            {"tcb_mismatch", [](auto& t) { extension(t, "3.3").value = derInteger(23); }},
            {"tcb_mismatch", [](auto& t) { extension(t, "3.8").value = derInteger(218); }},
            {"ext_missing", [](auto& t) { drop(t, "1"); }},
            {"ext_missing", [](auto& t) { drop(t, "2"); }},
            {"ext_missing", [](auto& t) { drop(t, "3.1"); }},
            {"ext_missing", [](auto& t) { drop(t, "3.2"); }},
            {"ext_missing", [](auto& t) { drop(t, "3.3"); }},
            {"ext_missing", [](auto& t) { drop(t, "3.8"); }},
            {"ext_missing", [](auto& t) { drop(t, "4"); }},
            {"ext_missing",
             [](auto& t) {
                 t.extensions.push_back({std::string(kAmd) + "5", derIa5String("CN=x")});
             }},
            {"ext_encoding",
             [](auto& t) {
                 extension(t, "3.1").value = {0x02, 0x02, 0x00, 0x04};
             }},
            {"ext_encoding",
             [](auto& t) {
                 extension(t, "3.1").value = {0x02, 0x01, 0x84};
             }},
            {"ext_encoding",
             [](auto& t) {
                 extension(t, "3.1").value = {0x04, 0x01, 0x04};
             }},
            {"ext_encoding", [](auto& t) { extension(t, "3.1").value = {}; }},
            {"ext_encoding",
             [](auto& t) {
                 extension(t, "2").value = {0x16, 0x05, 'M'};
             }},
            {"ext_encoding", [](auto& t) { extension(t, "2").value = derIa5String("Milan\n"); }},
            {"ext_encoding", [](auto& t) { t.extensions.push_back(extension(t, "3.1")); }},
            {"product_mismatch", [](auto& t) { extension(t, "2").value = derIa5String("Genoa"); }},
            {"product_mismatch", [](auto& t) { extension(t, "2").value = derIa5String("Rome"); }},
            {"struct_version", [](auto& t) { extension(t, "1").value = derInteger(2); }},
            {"ext_missing", [](auto& t) { extension(t, "1").value = derInteger(1); }}, // then it needs an FMC
            {"hwid_size", [](auto& t) { extension(t, "4").value.pop_back(); }},
            {"hwid_size", [](auto& t) { extension(t, "4").value.clear(); }},
            {"hwid_mismatch", [](auto& t) { extension(t, "4").value[63] ^= 1; }},
            {"chain_names", [](auto& t) { t.subject = "SEV-VLEK"; }},
            {"chain_names", [](auto& t) { t.subject = "SEV-VCEK-2"; }},
            {"chain_signature", [](auto& t) { t.issuer = "SEV-Genoa"; }},
            {"chain_signature", [](auto& t) { t.signer = makeRsaKey(); }},
            {"chain_signature", [](auto& t) { t.pss = false; }},
            {"signature", [](auto& t) { t.key = makeEcKey(); }},
            {"signature", [](auto& t) { t.key = makeEcKey("P-256"); }},
            {"signature", [](auto& t) { t.key = makeRsaKey(); }},
        };
        for (std::size_t i = 0; i < rows.size(); ++i) {
            Scene scene;
            rows[i].change(scene.vekTerms);
            CPPUNIT_ASSERT_EQUAL_MESSAGE("row " + std::to_string(i), std::string(rows[i].reason),
                                         scene.verify());
        }
    }

    void acceptsOtherFormsOfTheSame()
    {
        Scene wrapped;
        Bytes& hwid = extension(wrapped.vekTerms, "4").value;
        hwid.insert(hwid.begin(), {0x04, 0x40});
        CPPUNIT_ASSERT_EQUAL(std::string(), wrapped.verify());
        Scene reserved; // which AMD fills in on some lines and not on others
        reserved.vekTerms.extensions.push_back({std::string(kAmd) + "3.4", derInteger(9)});
        CPPUNIT_ASSERT_EQUAL(std::string(), reserved.verify());
    }

    void refusesChainsThatAreNone()
    {
        const Scene scene;
        const Scene other(ProductLine::Genoa);
        const auto& own = scene.hierarchy();
        const auto& foreign = other.hierarchy();
        const auto verify = [&](const auto& vek, const auto& intermediate, const auto& root) {
            const EndorsementChain chain{vendor(vek), vendor(intermediate), vendor(root)};
            return scene.verify(scene.report(), ChainFacts::of(chain, {}));
        };
        const kit::Certificate vek = makeCertificate(scene.vekTerms);
        CPPUNIT_ASSERT_EQUAL(std::string("chain_signature"), verify(vek, foreign.ask, foreign.ark));
        CPPUNIT_ASSERT_EQUAL(std::string("chain_signature"), verify(vek, own.ask, foreign.ark));
        CPPUNIT_ASSERT_EQUAL(std::string("chain_signature"), verify(vek, own.asvk, own.ark));
        CPPUNIT_ASSERT_EQUAL(std::string("chain_signature"), verify(vek, own.ark, own.ask));
        CPPUNIT_ASSERT_EQUAL(std::string("chain_signature"), verify(vek, vek, vek));
        // The root signs the endorsement key itself.
        auto direct = scene.vekTerms;
        direct.issuer = "ARK-Milan";
        direct.signer = own.arkKey;
        CPPUNIT_ASSERT_EQUAL(std::string("chain_signature"),
                             verify(makeCertificate(direct), own.ask, own.ark));
        // An intermediate that may not sign certificates.
        auto leaf = own.askTerms;
        leaf.isCa = false;
        CPPUNIT_ASSERT_EQUAL(std::string("chain_signature"), verify(vek, makeCertificate(leaf), own.ark));
        // A root with the right name, and a key of somebody else.
        Scene untrusted;
        untrusted.trusted = false;
        CPPUNIT_ASSERT_EQUAL(std::string("untrusted_root"), untrusted.verify());
        auto impostor = own.arkTerms;
        impostor.validity.to += 1;
        CPPUNIT_ASSERT_EQUAL(std::string("untrusted_root"), verify(vek, own.ask, makeCertificate(impostor)));
    }

    void refusesTimesOutsideValidity()
    {
        Scene scene;
        for (const kit::UnixSeconds at : {kNow - kYear - 1, kNow + kYear + 1}) {
            scene.at = at;
            CPPUNIT_ASSERT_EQUAL(std::string("validity"), scene.verify());
        }
        for (const kit::UnixSeconds at : {kNow - kYear, kNow + kYear}) {
            scene.at = at;
            CPPUNIT_ASSERT_EQUAL(std::string(), scene.verify());
        }
    }

    void judgesRevocation()
    {
        const auto with = [](const std::function<void(CrlTerms&)>& change,
                             CrlMode mode = CrlMode::IfPresent) {
            Scene scene;
            CrlTerms terms = scene.hierarchy().crlTerms();
            change(terms);
            scene.crls = {vendor(makeCrl(terms))};
            scene.crlMode = mode;
            return scene.verify();
        };
        CPPUNIT_ASSERT_EQUAL(std::string(), with([](auto&) {}));
        CPPUNIT_ASSERT_EQUAL(std::string(), with([](auto& t) { t.revoked = {7, 0x10002}; }));
        CPPUNIT_ASSERT_EQUAL(std::string("revoked"), with([](auto& t) { t.revoked = {0x10001}; }));
        CPPUNIT_ASSERT_EQUAL(std::string("revoked"), with([](auto& t) { t.revoked = {0x10000}; }));
        CPPUNIT_ASSERT_EQUAL(std::string(), with([](auto& t) { t.revoked = {0x10001}; }, CrlMode::Off));
        CPPUNIT_ASSERT_EQUAL(std::string("crl_stale"), with([](auto& t) { t.validity.to = kNow - 1; }));
        CPPUNIT_ASSERT_EQUAL(std::string("crl_stale"), with([](auto& t) { t.validity.from = kNow + 1; }));
        CPPUNIT_ASSERT_EQUAL(std::string("crl_signature"), with([](auto& t) { t.signer = makeRsaKey(); }));
        CPPUNIT_ASSERT_EQUAL(std::string("crl_signature"), with([](auto& t) { t.issuer = "ARK-Genoa"; }));
        CPPUNIT_ASSERT_EQUAL(std::string("crl_signature"), with([](auto& t) { t.criticalExtension = true; }));
        // An old list, still in its time, does not take back what a newer one says.
        Scene scene;
        CrlTerms older = scene.hierarchy().crlTerms(), newer = older;
        older.validity.from -= 86'400;
        newer.revoked = {0x10001};
        scene.crls = {vendor(makeCrl(older)), vendor(makeCrl(newer))};
        CPPUNIT_ASSERT_EQUAL(std::string("revoked"), scene.verify());
    }

    void refusesEveryFlippedBit()
    {
        const Scene scene;
        const Bytes report = scene.report();
        const EndorsementChain chain = scene.chain();
        for (const int which : {0, 1, 2}) {
            const kit::VendorCertificate& original = which == 0   ? chain.vek
                                                     : which == 1 ? chain.intermediate
                                                                  : chain.root;
            Bytes der = original.der();
            for (std::size_t bit = 0; bit < 8 * der.size(); ++bit) {
                const auto flip = [&] { der[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8); };
                flip();
                const std::string reason = reasonWith(scene, report, chain, which, der);
                flip();
                CPPUNIT_ASSERT_MESSAGE("bit " + std::to_string(bit) + " of certificate " +
                                           std::to_string(which) + ": " + reason,
                                       reason == "not a certificate" || reason == "chain_signature" ||
                                           reason == "untrusted_root");
            }
        }
    }

    static std::string reasonWith(const Scene& scene, const Bytes& report, EndorsementChain chain, int which,
                                  const Bytes& der)
    {
        try {
            const kit::VendorCertificate changed = kit::VendorCertificate::fromDer(der);
            (which == 0 ? chain.vek : which == 1 ? chain.intermediate : chain.root) = changed;
            return scene.verify(report, ChainFacts::of(chain, {}));
        } catch (const kit::CryptoError&) {
            return "not a certificate";
        }
    }

    void saysWhatIsMissing()
    {
        const Scene scene;
        const std::vector<kit::Sha256Digest> roots{scene.hierarchy().ark.fingerprint()};
        const Report report = Report::parse(scene.report());
        const auto lines = verifyReport(report, nullptr, {kNow, roots});
        CPPUNIT_ASSERT(firstFailure(lines) == nullptr); // nothing is known to be wrong
        std::size_t undecided = 0;
        for (const CheckLine& line : lines)
            undecided += line.outcome == Outcome::Error;
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, undecided); // but nothing is proved either
        const ChainFacts facts = scene.facts();
        for (const CheckLine& line : verifyReport(report, &facts, {kNow, roots, CrlMode::Required}))
            CPPUNIT_ASSERT_EQUAL(line.id == check_id::kCrl, line.outcome == Outcome::Error);
    }

    void findsTheRightOfSeveral()
    {
        const Scene scene;
        const Report report = Report::parse(scene.report());
        auto otherTcb = scene.reportTerms.tcb;
        otherTcb.microcode = 1;
        auto otherChip = scene.reportTerms.chip;
        otherChip[0] ^= 1;
        const auto right = makeCertificate(scene.vekTerms);
        // Two intermediates and two roots with one name each: those count whose signatures fit.
        auto falseAsk = scene.hierarchy().askTerms, falseArk = scene.hierarchy().arkTerms;
        falseAsk.key = falseArk.key = falseArk.signer = falseAsk.signer = makeRsaKey();
        Collateral pool;
        for (const auto& certificate :
             {makeCertificate(falseArk), makeCertificate(falseAsk),
              makeCertificate(scene.hierarchy().vlekTerms(otherTcb)),
              makeCertificate(scene.hierarchy().vcekTerms(otherTcb, scene.reportTerms.chip)),
              makeCertificate(scene.hierarchy().vcekTerms(scene.reportTerms.tcb, otherChip)), right,
              scene.hierarchy().ask, scene.hierarchy().asvk, scene.hierarchy().ark})
            pool.add(certificate.der());
        const auto* vek = pool.vekFor(report).certificate;
        CPPUNIT_ASSERT(vek != nullptr && vek->fingerprint() == right.fingerprint());
        const auto issuers = pool.issuersOf(*vek);
        CPPUNIT_ASSERT(issuers.intermediate->fingerprint() == scene.hierarchy().ask.fingerprint());
        CPPUNIT_ASSERT(issuers.root->fingerprint() == scene.hierarchy().ark.fingerprint());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CertificateTest);

} // namespace
} // namespace teehost::sev_snp::test
