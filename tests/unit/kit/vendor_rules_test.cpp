// SPDX-License-Identifier: Apache-2.0
//
// Each rule of the profile of Intel's and AMD's certificates (kit/vendor_x509.h): a chain that breaks just
// this one, signed again, is refused for it.
#include <functional>

#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/vendor_x509.h>

#include "kit/vendor_chains.h"

namespace teehost::kit::test {
namespace {

using namespace vendor_chains;
using namespace certificate_field;

struct Row {
    const char* section; ///< of RFC 5280, or X.690
    const char* reason;  ///< a part of the message
    std::function<void(Chain&)> change;
};

Bytes number(std::size_t digits, std::uint8_t first = 0x11)
{
    Bytes out(digits, 0x22);
    out[0] = first;
    return element(0x02, out);
}
Bytes text(std::uint8_t tag, std::string_view its) { return element(tag, viewOf(its)); }
Bytes times(const Bytes& from, const Bytes& to) { return element(0x30, joined({from, to})); }
Bytes name(const std::vector<Bytes>& attributes) { return element(0x30, joined(attributes)); }
Bytes attribute(std::uint8_t kind, const Bytes& value)
{
    return element(0x31, element(0x30, joined({Bytes{6, 3, 0x55, 4, kind}, value})));
}
const Bytes kFrom = text(0x17, "200101000000Z"), kTo = text(0x17, "490101000000Z");

/// Adds an extension of id-ce, or replaces it.
void setExtension(RawObject& object, const Bytes& oid, bool critical, const Bytes& value)
{
    auto list = elementsOf(contentsOf(contentsOf(object.fields.at(kExtensions))));
    const Bytes id = element(0x06, oid);
    std::erase_if(list, [&](const Bytes& one) { return elementsOf(contentsOf(one)).front() == id; });
    list.push_back(element(0x30, joined({id, critical ? Bytes{1, 1, 0xff} : Bytes{}, element(0x04, value)})));
    object.fields.at(kExtensions) = element(0xa3, element(0x30, joined(list)));
}
void addAgain(RawObject& object, std::size_t which)
{
    auto list = elementsOf(contentsOf(contentsOf(object.fields.at(kExtensions))));
    list.push_back(list.at(which));
    object.fields.at(kExtensions) = element(0xa3, element(0x30, joined(list)));
}
const Bytes kUsage{0x55, 0x1d, 15}, kBasic{0x55, 0x1d, 19}, kSubjectKey{0x55, 0x1d, 14},
    kAuthorityKey{0x55, 0x1d, 35}, kPoints{0x55, 0x1d, 31};

const std::vector<Row>& rows()
{
    static const std::vector<Row> kRows{
        {"4.1.2.1", "version",
         [](Chain& c) {
             c.leaf.fields[kVersion] = element(0xa0, Bytes{2, 1, 1});
         }},
        {"4.1.2.1", "tag", [](Chain& c) { c.leaf.fields[kVersion].clear(); }},
        {"4.1.2.2", "negative", [](Chain& c) { c.leaf.fields[kSerial] = number(4, 0x80); }},
        {"4.1.2.2", "20 bytes", [](Chain& c) { c.leaf.fields[kSerial] = number(21); }},
        {"X.690 8.3.2", "padded",
         [](Chain& c) {
             c.leaf.fields[kSerial] = Bytes{2, 2, 0, 1};
         }},
        {"X.690 10.1", "longer than it must",
         [](Chain& c) {
             c.leaf.fields[kSerial] = Bytes{2, 0x81, 1, 1};
         }},
        {"4.1.1.2", "another than the one outside",
         [](Chain& c) {
             c.leaf.fields[kAlgorithm] = Bytes{0x30, 3, 6, 1, 42};
         }},
        {"4.1.2.4", "no attribute", [](Chain& c) { c.leaf.fields[kIssuer] = name({}); }},
        {"4.1.2.4", "printable ASCII",
         [](Chain& c) { c.leaf.fields[kSubject] = name({attribute(3, text(0x0c, "caf\xc3\xa9"))}); }},
        {"4.1.2.4", "tag",
         [](Chain& c) { c.leaf.fields[kSubject] = name({attribute(3, text(0x1e, "AB"))}); }},
        {"7.1", "not signed by",
         [](Chain& c) {
             auto list = elementsOf(contentsOf(c.leaf.fields[kIssuer]));
             list.pop_back();
             list.push_back(attribute(3, text(0x0c, "THE ISSUER")));
             c.leaf.fields[kIssuer] = name(list);
         }},
        {"4.1.2.5.1", "seconds and in UTC",
         [](Chain& c) { c.leaf.fields[kValidity] = times(text(0x17, "2001010000Z"), kTo); }},
        {"4.1.2.5.1", "seconds and in UTC",
         [](Chain& c) { c.leaf.fields[kValidity] = times(kFrom, text(0x17, "490101000000+0100")); }},
        {"4.1.2.5", "before 2050",
         [](Chain& c) { c.leaf.fields[kValidity] = times(kFrom, text(0x18, "20490101000000Z")); }},
        {"4.1.2.5", "does not exist",
         [](Chain& c) { c.leaf.fields[kValidity] = times(kFrom, text(0x17, "490230000000Z")); }},
        {"4.1.2.5", "does not exist",
         [](Chain& c) { c.leaf.fields[kValidity] = times(kFrom, text(0x17, "490101240000Z")); }},
        {"4.1.2.7", "no point", [](Chain& c) { c.leaf.fields[kKey].back() ^= 1; }},
        {"4.1.2.8", "tag",
         [](Chain& c) {
             c.leaf.fields.insert(c.leaf.fields.begin() + kExtensions, Bytes{0x81, 2, 0, 1});
         }},
        {"4.1.2.9", "no extension",
         [](Chain& c) { c.leaf.fields[kExtensions] = element(0xa3, element(0x30, Bytes{})); }},
        {"4.2", "has an extension twice", [](Chain& c) { addAgain(c.issuer, 0); }},
        {"4.2", "critical and not understood",
         [](Chain& c) {
             setExtension(c.leaf, {0x2a, 3, 4}, true, {5, 0});
         }},
        {"4.2", "critical and not understood",
         [](Chain& c) {
             setExtension(c.issuer, kSubjectKey, true, {4, 1, 7});
         }},
        {"4.2.1.10", "do not have",
         [](Chain& c) {
             setExtension(c.issuer, {0x55, 0x1d, 30}, false, {0x30, 0});
         }},
        {"4.2.1.6", "do not have",
         [](Chain& c) {
             setExtension(c.leaf, {0x55, 0x1d, 17}, false, {0x30, 0});
         }},
        {"4.2.2.1", "do not have",
         [](Chain& c) {
             setExtension(c.leaf, {0x2b, 6, 1, 5, 5, 7, 1, 1}, false, {0x30, 0});
         }},
        {"4.2.1.1", "not signed by",
         [](Chain& c) {
             setExtension(c.issuer, kSubjectKey, false, {4, 1, 7});
             setExtension(c.leaf, kAuthorityKey, false, {0x30, 3, 0x80, 1, 8});
         }},
        {"4.2.1.1", "tag",
         [](Chain& c) {
             setExtension(c.leaf, kAuthorityKey, false, {0x30, 3, 0x82, 1, 8});
         }},
        {"4.2.1.3", "may not sign certificates",
         [](Chain& c) {
             setExtension(c.issuer, kUsage, true, {3, 2, 7, 0x80});
         }},
        {"4.2.1.3", "key usage",
         [](Chain& c) {
             setExtension(c.issuer, kUsage, true, {3, 2, 0, 0});
         }},
        {"X.690 11.2.1", "key usage",
         [](Chain& c) {
             setExtension(c.issuer, kUsage, true, {3, 2, 3, 4});
         }},
        {"6.1.4 k", "not of a certificate authority",
         [](Chain& c) {
             setExtension(c.issuer, kBasic, true, {0x30, 0});
         }},
        {"X.690 11.5", "although it is false",
         [](Chain& c) {
             setExtension(c.issuer, kBasic, true, {0x30, 3, 1, 1, 0});
         }},
        {"4.2.1.9", "too many",
         [](Chain& c) {
             setExtension(c.issuer, kBasic, true, {0x30, 3, 2, 1, 0});
         }},
        {"6.1.4 m", "allows fewer",
         [](Chain& c) {
             setExtension(c.root, kBasic, true, {0x30, 6, 1, 1, 0xff, 2, 1, 0});
         }},
        {"4.2.1.13", "tag",
         [](Chain& c) {
             setExtension(c.leaf, kPoints, false, {0x30, 2, 5, 0});
         }},
    };
    return kRows;
}

class VendorRulesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VendorRulesTest);
    CPPUNIT_TEST(takesWhatIsWell);
    CPPUNIT_TEST(refusesWhatBreaksOneRule);
    CPPUNIT_TEST(refusesSignaturesOfOtherForms);
    CPPUNIT_TEST(refusesPathsInAnotherOrder);
    CPPUNIT_TEST(knowsRootsThatSignThemselves);
    CPPUNIT_TEST(judgesCrls);
    CPPUNIT_TEST(readsFilesWithOthersInThem);
    CPPUNIT_TEST_SUITE_END();

    void takesWhatIsWell()
    {
        for (const auto maker : {Maker::Intel, Maker::Amd}) {
            Chain chain(maker);
            CPPUNIT_ASSERT_EQUAL(std::string(), faultOf(chain));
            // Values that the makers write, and the edges of what is allowed.
            chain.leaf.fields[kSerial] = number(20);
            chain.leaf.fields[kValidity] = times(kFrom, text(0x18, "99991231235959Z"));
            setExtension(chain.leaf, kUsage, true, {3, 2, 6, 0xc0});
            setExtension(chain.issuer, kUsage, true, {3, 2, 1, 4}); // as AMD's, with a bit too few unused
            setExtension(chain.leaf, kAuthorityKey, false, {0x30, 3, 0x80, 1, 7});
            setExtension(chain.issuer, kSubjectKey, false, {4, 1, 7});
            setExtension(chain.issuer, kBasic, true, {0x30, 6, 1, 1, 0xff, 2, 1, 0});
            setExtension(chain.root, kBasic, true, {0x30, 6, 1, 1, 0xff, 2, 1, 1});
            setExtension(chain.leaf, kPoints, false,
                         element(0x30, element(0x30, element(0xa0, element(0xa0, text(0x86, "https://x"))))));
            CPPUNIT_ASSERT_EQUAL(std::string(), faultOf(chain));
            const auto leaf = VendorCertificate::fromDer(chain.ders()[0]);
            CPPUNIT_ASSERT_EQUAL(UnixSeconds{253'402'300'799}, leaf.validity().to);
            CPPUNIT_ASSERT_EQUAL(std::size_t{40}, leaf.serial().size());
            CPPUNIT_ASSERT(!leaf.mayIssue());
        }
    }

    void refusesWhatBreaksOneRule()
    {
        for (const auto maker : {Maker::Intel, Maker::Amd})
            for (const Row& row : rows()) {
                Chain chain(maker);
                row.change(chain);
                const std::string fault = faultOf(chain);
                CPPUNIT_ASSERT_MESSAGE(std::string(row.section) + ", " + row.reason + ": " + fault,
                                       fault.find(row.reason) != std::string::npos);
            }
    }

    void refusesSignaturesOfOtherForms()
    {
        Chain intel(Maker::Intel);
        const Bytes tbs = intel.leaf.tbs(), good = signatureOf(tbs, intel.issuerKey);
        const auto refused = [](const Chain& chain, const Bytes& leaf) {
            auto ders = chain.ders();
            ders[0] = leaf;
            return faultOf(ders).find("not signed by") != std::string::npos;
        };
        Bytes longer = good, padded = good;
        longer.push_back(0);
        padded[0] = 0x31;
        for (const Bytes& bad : {Bytes{}, longer, padded, Bytes(good.begin(), good.end() - 1)})
            CPPUNIT_ASSERT(refused(intel, intel.leaf.with(tbs, bad)));
        // AMD's salt has 48 bytes, as its AlgorithmIdentifier says.
        Chain amd(Maker::Amd);
        CPPUNIT_ASSERT(
            refused(amd, amd.leaf.with(amd.leaf.tbs(), signatureOf(amd.leaf.tbs(), amd.issuerKey, 32))));
        // Each maker has an algorithm of its own, and other ones count for nothing.
        Chain sha1(Maker::Intel);
        for (Bytes* algorithm : {&sha1.leaf.fields[kAlgorithm], &sha1.leaf.algorithm})
            *algorithm = Bytes{0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1};
        CPPUNIT_ASSERT(faultOf(sha1).find("not signed by") != std::string::npos);
    }

    void refusesPathsInAnotherOrder()
    {
        const Chain chain(Maker::Intel);
        std::vector<VendorCertificate> c;
        for (const Bytes& der : chain.ders())
            c.push_back(VendorCertificate::fromDer(der));
        using Issuers = std::vector<VendorCertificate>;
        CPPUNIT_ASSERT(!chainFault(c[0], Issuers{c[1]}, c[2]));
        CPPUNIT_ASSERT(!chainFault(c[1], {}, c[2]));
        CPPUNIT_ASSERT(chainFault(c[0], Issuers{c[2]}, c[1]));
        CPPUNIT_ASSERT(chainFault(c[0], {}, c[2]));
        CPPUNIT_ASSERT(chainFault(c[0], {}, c[1])); // which does not sign itself
        CPPUNIT_ASSERT(chainFault(c[0], Issuers{c[1], c[1]}, c[2]));
        CPPUNIT_ASSERT(chainFault(c[0], Issuers{c[1], c[2]}, c[2]));
        CPPUNIT_ASSERT(chainFault(c[2], {}, c[2]));
        CPPUNIT_ASSERT(chainFault(c[0], Issuers{c[0]}, c[0]));
    }

    void knowsRootsThatSignThemselves()
    {
        Chain chain(Maker::Intel);
        auto ders = chain.ders();
        ders[2].back() ^= 1; // of its signature
        std::vector<VendorCertificate> c;
        for (const Bytes& der : ders)
            c.push_back(VendorCertificate::fromDer(der));
        const std::vector<VendorCertificate> issuers{c[1]};
        CPPUNIT_ASSERT(chainFault(c[0], issuers, c[2]));
        CPPUNIT_ASSERT(chainFault(c[0], issuers, c[2], std::vector{c[1].fingerprint()}));
        CPPUNIT_ASSERT(!chainFault(c[0], issuers, c[2], std::vector{c[2].fingerprint()}));
    }

    void judgesCrls()
    {
        Chain chain(Maker::Intel);
        const auto root = VendorCertificate::fromDer(chain.ders()[2]),
                   issuer = VendorCertificate::fromDer(chain.ders()[1]);
        const CrlTerms terms{"the root", chain.rootKey, {0, 1'000'000}, {7, 2, 0x1234}};
        const VendorCrl crl = x509_factory::vendor(makeCrl(terms));
        CPPUNIT_ASSERT(crl.isSignedBy(root) && !crl.isSignedBy(issuer));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, crl.revokedCount());
        CPPUNIT_ASSERT(crl.revokes(issuer) && !crl.revokes(root)); // serial numbers 2 and 1
        CPPUNIT_ASSERT_EQUAL(UnixSeconds{1'000'000}, crl.validity().to);
        // One that may not sign CRLs (6.3.3 f).
        Chain mute(Maker::Intel);
        setExtension(mute.root, kUsage, true, {3, 2, 2, 4});
        CPPUNIT_ASSERT(!crl.isSignedBy(VendorCertificate::fromDer(mute.ders()[2])));
        auto critical = terms;
        critical.criticalExtension = true;
        CPPUNIT_ASSERT(!x509_factory::vendor(makeCrl(critical)).isSignedBy(root));
        struct CrlRow {
            const char* section;
            std::function<void(RawObject&)> change;
        };
        using namespace crl_field;
        const CrlRow rows[] = {
            {"5.1.2.1",
             [](auto& o) {
                 o.fields[crl_field::kVersion] = Bytes{2, 1, 0};
             }},
            {"5.1.2.2",
             [](auto& o) {
                 o.fields[crl_field::kAlgorithm] = Bytes{0x30, 3, 6, 1, 42};
             }},
            {"5.1.2.3",
             [](auto& o) {
                 o.fields[crl_field::kIssuer] = Bytes{0x30, 0};
             }},
            {"5.1.2.5", [](auto& o) { o.fields[crl_field::kTo].clear(); }},
            {"5.1.2.6",
             [](auto& o) {
                 o.fields[kRevoked] = element(0x30, Bytes{0x30, 3, 2, 1, 7});
             }},
            {"5.1.2.6", [](auto& o) {
                 o.fields[kRevoked] = element(0x30, element(0x30, joined({Bytes{2, 1, 0x87}, kFrom})));
             }}};
        for (const CrlRow& row : rows) {
            RawObject object = RawObject::of(crl.der());
            row.change(object);
            CPPUNIT_ASSERT_THROW_MESSAGE(
                row.section, static_cast<void>(VendorCrl::fromDer(object.signedBy(chain.rootKey))),
                CryptoError);
        }
        RawObject first = RawObject::of(crl.der()); // version 1
        first.fields[crl_field::kVersion].clear();
        CPPUNIT_ASSERT(VendorCrl::fromDer(first.signedBy(chain.rootKey)).isSignedBy(root));
        first.fields.push_back(Bytes{0xa0, 0});
        CPPUNIT_ASSERT_THROW(static_cast<void>(VendorCrl::fromDer(first.signedBy(chain.rootKey))),
                             CryptoError);
        // The key identifier (5.2.1), with and without the name and serial number of the issuer.
        setExtension(chain.root, kSubjectKey, false, {4, 1, 7});
        const auto named = VendorCertificate::fromDer(chain.ders()[2]);
        for (const auto& [id, isTheirs] :
             {std::pair(Bytes{0x30, 3, 0x80, 1, 7}, true),
              std::pair(Bytes{0x30, 8, 0x80, 1, 7, 0xa1, 0, 0x82, 1, 1}, true),
              std::pair(Bytes{0x30, 3, 0x82, 1, 1}, true), std::pair(Bytes{0x30, 3, 0x80, 1, 8}, false)}) {
            RawObject object = RawObject::of(crl.der());
            const Bytes one = element(0x30, joined({element(0x06, kAuthorityKey), element(0x04, id)}));
            object.fields.push_back(element(0xa0, element(0x30, one)));
            CPPUNIT_ASSERT_EQUAL(isTheirs,
                                 VendorCrl::fromDer(object.signedBy(chain.rootKey)).isSignedBy(named));
        }
        // A critical extension of an entry (5.3), and any reason at all.
        for (const bool isCritical : {false, true}) {
            RawObject object = RawObject::of(crl.der());
            const Bytes reason =
                element(0x30, joined({Bytes{6, 3, 0x55, 0x1d, 21}, isCritical ? Bytes{1, 1, 0xff} : Bytes{},
                                      Bytes{4, 3, 0x0a, 1, 8}})); // removeFromCRL
            object.fields[kRevoked] =
                element(0x30, element(0x30, joined({Bytes{2, 1, 2}, kFrom, element(0x30, reason)})));
            const VendorCrl made = VendorCrl::fromDer(object.signedBy(chain.rootKey));
            CPPUNIT_ASSERT(made.isSignedBy(root) == !isCritical && made.revokes(issuer));
        }
    }

    void readsFilesWithOthersInThem()
    {
        const Chain chain(Maker::Intel);
        const Bytes der = chain.ders()[0];
        const std::string file = pem("CERTIFICATE", der) + "words\n" +
                                 pem("CERTIFICATE", foreignCertificate()) + pem("CERTIFICATE", der) +
                                 pem("X509 CRL", makeCrl({"a", chain.rootKey}).der());
        const VendorObjects objects = readVendorX509(viewOf(file));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, objects.certificates.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, objects.crls.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, objects.others.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, objects.unreadCrls.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, objects.count());
        for (const auto& [what, crl] : crlsOutsideTheProfile({"a", chain.rootKey}))
            for (const std::string& form : {std::string(textOf(crl)), pem("X509 CRL", crl)}) {
                const VendorObjects unread = readVendorX509(viewOf(form));
                CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::size_t{1}, unread.unreadCrls.size());
                CPPUNIT_ASSERT_MESSAGE(what, unread.crls.empty() && unread.others.empty());
                CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::size_t{1}, unread.count());
            }
        CPPUNIT_ASSERT(objects.certificates[0] == objects.certificates[1]);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, readVendorX509(der).certificates.size());
        for (const Bytes& bad : {Bytes{}, Bytes{0x30, 0}, Bytes(der.begin(), der.end() - 1)})
            CPPUNIT_ASSERT_THROW(static_cast<void>(readVendorX509(bad)), CryptoError);
        CPPUNIT_ASSERT_THROW(
            static_cast<void>(readVendorX509(viewOf(pem("CERTIFICATE", Bytes(der.begin(), der.end() - 9))))),
            CryptoError);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(VendorRulesTest);

} // namespace
} // namespace teehost::kit::test
