// SPDX-License-Identifier: Apache-2.0
#include <teehost/kit/input_error.h>

#include "tdx_quote/scene.h"

namespace teehost::tdx::test {
namespace {

std::string formatOf(const std::string& text)
{
    const PckChain chain = PckChain::of(kit::viewOf(text));
    return chain.format ? std::string(chain.format->reason) : "";
}

class ChainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ChainTest);
    CPPUNIT_TEST(readsTheExtension);
    CPPUNIT_TEST(refusesEveryOtherExtension);
    CPPUNIT_TEST(readsChainsOfThree);
    CPPUNIT_TEST(judgesEachCertificate);
    CPPUNIT_TEST(trustsByCertificateOrKey);
    CPPUNIT_TEST(knowsIntelsRoot);
    CPPUNIT_TEST(keepsTheEdgesOfTime);
    CPPUNIT_TEST_SUITE_END();

    void readsTheExtension()
    {
        Platform platform;
        platform.components = {0x7f, 0x80, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
        platform.pceSvn = 0xfffe;
        platform.pceId = {1, 2};
        platform.fmspc = {0x20, 0xa0, 0x6f, 1, 2, 3};
        const auto out = PckExtension::parse(pckExtension(platform));
        CPPUNIT_ASSERT(out.components == platform.components && out.cpuSvn == platform.components);
        CPPUNIT_ASSERT_EQUAL(platform.pceSvn, out.pceSvn);
        CPPUNIT_ASSERT(out.pceId == platform.pceId && out.fmspc == platform.fmspc);
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{0x50}, out.ppid[0]);
    }

    void refusesEveryOtherExtension()
    {
        const auto pairs = pckPairs({});
        const auto refused = [](const Bytes& der, const std::string& what) {
            try {
                static_cast<void>(PckExtension::parse(der));
                CPPUNIT_FAIL(what);
            } catch (const kit::InputError& e) {
                CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string("PCK_EXTENSION"), std::string(e.reason()));
            }
        };
        for (std::size_t i = 0; i + 1 < pairs.size();
             ++i) { // the last, the platform's instance, may be absent
            auto fewer = pairs;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
            refused(derOf(fewer), "without " + std::to_string(i + 1));
            auto twice = pairs;
            twice.push_back(pairs[i]);
            refused(derOf(twice), "twice " + std::to_string(i + 1));
        }
        CPPUNIT_ASSERT_NO_THROW(
            static_cast<void>(PckExtension::parse(derOf({pairs.begin(), pairs.end() - 1}))));
        struct Row {
            std::vector<std::uint8_t> oid;
            Bytes value;
        };
        const Row rows[] = {{{1}, der(4, Bytes(15))},
                            {{1}, der(4, Bytes(17))},
                            {{3}, der(4, Bytes(3))},
                            {{4}, der(4, Bytes(5))},
                            {{4}, der(4, Bytes(7))},
                            {{4}, derNumber(1)},
                            {{5}, der(0x0a, Bytes{3})},
                            {{5}, derNumber(0)},
                            {{2}, der(0x30, Bytes())},
                            {{2}, der(4, Bytes(16))},
                            {{4}, Bytes{4, 0x81, 6, 1, 2, 3, 4, 5, 6}}};
        for (const Row& row : rows) {
            auto changed = pairs;
            changed[row.oid[0] - 1u] = derPair(row.oid, row.value);
            refused(derOf(changed), std::to_string(row.oid[0]));
        }
        const auto withTcb = [&](std::uint8_t which, const Bytes& value) {
            Bytes tcb;
            for (std::uint8_t i = 1; i <= 18; ++i) {
                const Bytes pair = derPair({2, i}, i == which ? value
                                                   : i == 18  ? der(4, Bytes(16))
                                                              : derNumber(1));
                tcb.insert(tcb.end(), pair.begin(), pair.end());
            }
            auto changed = pairs;
            changed[1] = derPair({2}, der(0x30, tcb));
            return derOf(changed);
        };
        CPPUNIT_ASSERT_NO_THROW(static_cast<void>(PckExtension::parse(withTcb(1, derNumber(255)))));
        refused(withTcb(1, derNumber(256)), "a component above 255");
        refused(withTcb(16, Bytes{2, 1, 0x80}), "a negative component");
        refused(withTcb(17, derNumber(65'536)), "a PCESVN above 65535");
        refused(withTcb(18, der(4, Bytes(15))), "a short CPUSVN");
        const Bytes whole = derOf(pairs);
        for (std::size_t size = 0; size < whole.size(); ++size)
            refused(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), "cut");
        Bytes longer = whole;
        longer.push_back(0);
        refused(longer, "a byte too many");
    }

    void readsChainsOfThree()
    {
        const Scene scene;
        const std::string good = scene.chain(), one = pem(hierarchy().root);
        CPPUNIT_ASSERT_EQUAL(std::string(), formatOf(good));
        CPPUNIT_ASSERT_EQUAL(std::string(), formatOf(good + std::string(1, '\0')));
        std::string windows = good;
        for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2)
            windows.insert(at, "\r");
        CPPUNIT_ASSERT_EQUAL(std::string(), formatOf(windows));
        CPPUNIT_ASSERT_EQUAL(std::string("CHAIN_LEN"), formatOf(good + one));
        CPPUNIT_ASSERT_EQUAL(std::string("CHAIN_LEN"), formatOf(one + one));
        CPPUNIT_ASSERT_EQUAL(std::string("CHAIN_LEN"), formatOf(""));
        for (const std::string& bad :
             {std::string("words"), " " + good, good + "x", "words\n" + good,
              good.substr(0, good.size() - 30), good.substr(0, 100) + " " + good.substr(100),
              good.substr(0, 100) + "=" + good.substr(101),
              pem("CERTIFICATE", Bytes{1, 2, 3}) + pem(scene.issuer) + pem(scene.root),
              pem("X509 CRL", makeCrl(scene.rootCrl).der()) + pem(scene.issuer) + pem(scene.root)})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(bad.substr(0, 60), std::string("CHAIN_FORMAT"), formatOf(bad));
        // Leaf first, and each of its kind.
        const std::string leaf = pem(makeCertificate(scene.pckTerms)), issuer = pem(scene.issuer),
                          root = pem(scene.root);
        for (const std::string& bad : {root + issuer + leaf, leaf + root + issuer, issuer + issuer + root,
                                       leaf + issuer + pem(hierarchy().signer)})
            CPPUNIT_ASSERT_EQUAL(std::string("LEAF_CN"), formatOf(bad));
        Scene processor;
        CertificateTerms terms = hierarchy().issuerTerms;
        terms.subject = processor.pckTerms.issuer = processor.pckCrl.issuer = "Intel SGX PCK Processor CA";
        processor.issuer = makeCertificate(terms);
        expectReason("", processor, "the other authority");
    }

    void judgesEachCertificate()
    {
        const Key other = makeEcKey("P-256"), larger = makeEcKey("P-384");
        const auto withPck = [](const char* reason, auto&& change, const char* what) {
            Scene scene;
            change(scene.pckTerms);
            expectReason(reason, scene, what);
        };
        withPck(
            "LEAF_CN", [](auto& t) { t.subject = "Intel SGX PCK certificate"; }, "name");
        withPck(
            "CHAIN_SIG", [&](auto& t) { t.signer = other; }, "signature");
        withPck(
            "CHAIN_SIG", [](auto& t) { t.issuer = "Intel SGX PCK Processor CA"; }, "issuer's name");
        withPck(
            "CHAIN_SIG", [](auto& t) { t.digest = "SHA384"; }, "hash of the signature");
        withPck(
            "CHAIN_SIG", [&](auto& t) { t.key = larger; }, "curve");
        withPck(
            "QE_REPORT_SIG", [&](auto& t) { t.key = other; }, "key");
        withPck(
            "PCK_EXTENSION", [](auto& t) { t.extensions.clear(); }, "no extension");
        withPck(
            "PCK_EXTENSION", [](auto& t) { t.extensions.push_back(t.extensions.front()); }, "two");
        withPck(
            "PCK_EXTENSION", [](auto& t) { t.extensions.front().value.pop_back(); }, "malformed");
        withPck(
            "CERT_EXPIRED", [](auto& t) { t.validity.to = kNow - 1; }, "expired");
        withPck(
            "CERT_NOT_YET_VALID", [](auto& t) { t.validity.from = kNow + 1; }, "not yet valid");

        const auto withIssuer = [](const char* reason, auto&& change, const char* what) {
            Scene scene;
            CertificateTerms terms = hierarchy().issuerTerms;
            change(terms);
            scene.issuer = makeCertificate(terms);
            expectReason(reason, scene, what);
        };
        withIssuer(
            "LEAF_CN", [](auto& t) { t.subject = "Intel SGX PCK Other CA"; }, "name");
        withIssuer(
            "CHAIN_SIG", [&](auto& t) { t.signer = other; }, "signature");
        withIssuer(
            "CHAIN_SIG", [&](auto& t) { t.key = other; }, "key");
        withIssuer(
            "CHAIN_SIG", [](auto& t) { t.issuer = "another"; }, "issuer's name");
        withIssuer(
            "NOT_CA", [](auto& t) { t.isCa = false; }, "no CA");
        withIssuer(
            "NOT_CA", [](auto& t) { t.keyUsage = "cRLSign"; }, "may not sign certificates");
        withIssuer(
            "CERT_EXPIRED", [](auto& t) { t.validity.to = kNow - 1; }, "expired");
        withIssuer(
            "CERT_NOT_YET_VALID", [](auto& t) { t.validity.from = kNow + 1; }, "not yet valid");

        const auto withRoot = [](const char* reason, auto&& change, const char* what) {
            Scene scene;
            CertificateTerms terms = hierarchy().rootTerms;
            change(terms);
            scene.root = makeCertificate(terms);
            expectReason(reason, scene, what);
        };
        withRoot(
            "LEAF_CN", [](auto& t) { t.subject = t.issuer = "Intel SGX root CA"; }, "name");
        withRoot(
            "ROOT_UNTRUSTED", [&](auto& t) { t.key = t.signer = other; }, "somebody else's");
        withRoot(
            "CHAIN_SIG", [&](auto& t) { t.signer = other; }, "the key, and not signed with it");
        withRoot(
            "NOT_CA", [](auto& t) { t.isCa = false; }, "no CA");
        withRoot(
            "CERT_EXPIRED", [](auto& t) { t.validity.to = kNow - 1; }, "expired");
    }

    void trustsByCertificateOrKey()
    {
        Scene again; // Intel's root has been issued more than once
        CertificateTerms terms = hierarchy().rootTerms;
        terms.serial = 77;
        again.root = makeCertificate(terms);
        CPPUNIT_ASSERT(again.root.der() != hierarchy().root.der());
        expectReason("", again, "another certificate of the key");
        Scene intel;
        intel.anchors.assign(intelRoots().begin(), intelRoots().end());
        expectReason("ROOT_UNTRUSTED", intel, "a root that the quote brings is not thereby trusted");
        Scene nobody;
        nobody.anchors.clear();
        expectReason("ROOT_UNTRUSTED", nobody, "no anchor");
        const Key larger = makeEcKey("P-384");
        const auto certificate = makeCertificate({"root", "root", larger, larger, true});
        CPPUNIT_ASSERT(isTrusted(Anchor::of(certificate), std::vector{Anchor::of(certificate)}));
        const auto another = makeCertificate({"root", "root", larger, larger, true, true, 5});
        CPPUNIT_ASSERT(isTrusted(Anchor::of(another), std::vector{Anchor::of(certificate)}));
        CPPUNIT_ASSERT(!isTrusted(Anchor::of(hierarchy().root), std::vector{Anchor::of(certificate)}));
    }

    void knowsIntelsRoot()
    {
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, intelRoots().size());
        CPPUNIT_ASSERT_EQUAL(std::string("44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"),
                             kit::toHex(intelRoots()[0].certificate));
        // Of the point, as anybody can compute it of the certificate that Intel publishes.
        CPPUNIT_ASSERT_EQUAL(std::string("a512ddae5b8a05fd0738d708f29ddccaca53aad8b3698e77194cb05cc0723e89"),
                             kit::toHex(intelRoots()[0].key));
    }

    void keepsTheEdgesOfTime()
    {
        Scene scene;
        scene.pckTerms.validity = {kNow, kNow};
        expectReason("", scene, "both ends count");
        scene.at = kNow - 1;
        expectReason("CERT_NOT_YET_VALID", scene, "a second before");
        scene.at = kNow + 1;
        expectReason("CERT_EXPIRED", scene, "a second after");
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ChainTest);

} // namespace
} // namespace teehost::tdx::test
