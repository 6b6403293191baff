// SPDX-License-Identifier: Apache-2.0
//
// The kit's own reading of Intel's and AMD's certificates against OpenSSL's, over chains and CRLs of which
// each byte of what is signed is changed in turn and signed again: whatever OpenSSL refuses is refused, and
// whatever is refused beyond that is so for one of the reasons below.
#include <array>
#include <map>
#include <regex>
#include <set>

#include <cppunit/extensions/HelperMacros.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <teehost/kit/openssl_handle.h>
#include <teehost/kit/openssl_scope.h>

#include "kit/vendor_chains.h"

namespace teehost::kit::test {
namespace {

using namespace vendor_chains;

struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};

/// Tells whether OpenSSL finds exactly this path, with a root that signs itself, whatever the time is.
bool opensslTakes(const std::vector<Bytes>& ders)
{
    const OpensslScope scope;
    std::vector<Certificate> c;
    try {
        for (const Bytes& der : ders)
            c.push_back(Certificate::fromDer(der));
    } catch (const CryptoError&) {
        return false;
    }
    const Handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
    const std::unique_ptr<STACK_OF(X509), FreeStack> untrusted(sk_X509_new_null());
    const Handle<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
    CPPUNIT_ASSERT(X509_STORE_add_cert(store.get(), c[2].raw()) == 1);
    CPPUNIT_ASSERT(sk_X509_push(untrusted.get(), c[1].raw()) == 1);
    CPPUNIT_ASSERT(X509_STORE_CTX_init(context.get(), store.get(), c[0].raw(), untrusted.get()) == 1);
    X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_CHECK_SS_SIGNATURE);
    if (X509_verify_cert(context.get()) != 1)
        return false;
    const STACK_OF(X509)* path = X509_STORE_CTX_get0_chain(context.get());
    return sk_X509_num(path) == 3 && X509_cmp(sk_X509_value(path, 1), c[1].raw()) == 0;
}

/// Compares what both have read of one that both take.
void expectSame(const Bytes& der)
{
    const auto ours = VendorCertificate::fromDer(der);
    const auto theirs = Certificate::fromDer(der);
    CPPUNIT_ASSERT_EQUAL(theirs.subjectCommonName(), ours.subjectCommonName());
    CPPUNIT_ASSERT_EQUAL(theirs.issuerCommonName(), ours.issuerCommonName());
    CPPUNIT_ASSERT_EQUAL(theirs.validity().from, ours.validity().from);
    CPPUNIT_ASSERT_EQUAL(theirs.validity().to, ours.validity().to);
    CPPUNIT_ASSERT_EQUAL(theirs.serial(), ours.serial() == "00" ? std::string("0") : ours.serial());
    CPPUNIT_ASSERT_EQUAL(theirs.mayIssue(), ours.mayIssue());
    CPPUNIT_ASSERT(equal(theirs.publicKeyBits(), ours.publicKeyBits()));
    CPPUNIT_ASSERT_EQUAL(theirs.hasPssSha384Signature(), ours.hasPssSha384Signature());
    CPPUNIT_ASSERT_EQUAL(theirs.hasEcdsaSha256Signature(), ours.hasEcdsaSha256Signature());
    for (const char* oid : {"1.2.840.113741.1.13.1", "2.5.29.15", "2.5.29.19"}) {
        const auto a = theirs.extension(oid);
        const auto b = ours.extension(oid);
        CPPUNIT_ASSERT(a.has_value() == b.has_value() && (!a || equal(*a, *b)));
    }
}

/// A message without what differs from one change to the next.
std::string kindOf(std::string fault)
{
    static const std::array<std::pair<std::regex, const char*>, 5> kChanging{
        {{std::regex(" at offset 0x[0-9a-f]+"), ""},
         {std::regex("with tag 0x[0-9a-f]+ instead of 0x[0-9a-f]+"), ""},
         {std::regex("number [0-9]+,"), "number N,"},
         {std::regex("[0-9]+ bytes too many"), "N bytes too many"},
         {std::regex("certificate of .* is not signed by .*"), "certificate of A is not signed by B"}}};
    for (const auto& [what, with] : kChanging)
        fault = std::regex_replace(fault, what, with);
    return fault;
}

/// Names the refusals of chains that OpenSSL takes: the rules of the profile that are more than OpenSSL's.
const std::set<std::string>& stricter()
{
    static const std::string kIs = "not a certificate of a maker of TEEs: ";
    static const std::set<std::string> kReasons{
        // Names are compared byte by byte, and OpenSSL's without regard to case, blanks and kind of string.
        "the certificate of A is not signed by B",
        // Text of names is in UTF8String or PrintableString, and printable ASCII.
        kIs + "name in a certificate or CRL: an element  ends",
        kIs + "name in a certificate or CRL: text of a name that is empty or not in printable ASCII ends",
        // Times are read, though the chain is judged without them.
        kIs + "signed part of a certificate: an element  ends",
        kIs + "signed part of a certificate: a time that does not exist ends",
        kIs + "signed part of a certificate: a time that is not written with seconds and in UTC ends",
        kIs + "signed part of a certificate: a GeneralizedTime before 2050 ends",
        // Serial numbers are not negative; versions below 3 have no extensions, nor a place here.
        kIs + "signed part of a certificate: a number that is negative or padded ends",
        kIs + "signed part of a certificate: another version than 3 ends",
        kIs + "signed part of a certificate: the number N, above 2, ends",
        kIs + "signed part of a certificate: a number that is negative, too long or padded ends",
        // Booleans and bit strings have one form in DER, as key usage has.
        kIs + "signed part of a certificate: a boolean in another form than DER's ends",
        kIs + "extension of a certificate: a boolean in another form than DER's ends",
        kIs + "extension of a certificate: a key usage of no bit, or with unused bits, ends",
        kIs + "signed part of a certificate: a bit string that is not of whole bytes ends",
        // Parameters of an algorithm are of one of four kinds, of which NULL is empty.
        kIs + "algorithm in a certificate or CRL: N bytes too many",
        kIs + "algorithm in a certificate or CRL: a NULL with contents ends",
        // RSA exponents and moduli, and points, of other sizes and forms.
        kIs + "RSA key of a certificate: an RSA exponent that is even or below 65537 ends",
        kIs +
            "RSA key of a certificate: an RSA modulus that is even, or of other than 2048 to 4096 bits, ends",
        kIs + "signed part of a certificate: a point that is compressed or of another size ends",
        "the certificate of the issuer is of a key of another kind than the maker's",
        "the certificate of the root is of a key of another kind than the maker's",
        // Extensions that the makers do not use; OpenSSL leaves unread what is not critical.
        "the certificate of the leaf has an extension that the maker's certificates do not have",
        "the certificate of the issuer has an extension that the maker's certificates do not have",
        "the certificate of the root has an extension that the maker's certificates do not have",
        "the certificate of the leaf has an extension that is critical and not understood",
    };
    return kReasons;
}

class VendorDifferentialTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VendorDifferentialTest);
    CPPUNIT_TEST(agreesOnChainsOfIntel);
    CPPUNIT_TEST(agreesOnChainsOfAmd);
    CPPUNIT_TEST(agreesOnBytesThatAreNotSigned);
    CPPUNIT_TEST(agreesOnCrls);
    CPPUNIT_TEST_SUITE_END();

    std::map<std::string, int> more_; ///< how often OpenSSL takes what is refused for a reason

    /// Counts what only OpenSSL takes; false when only we take it.
    bool agree(const std::vector<Bytes>& ders)
    {
        const std::string fault = faultOf(ders);
        const bool theirs = opensslTakes(ders);
        if (fault.empty() && theirs)
            for (const Bytes& der : ders)
                expectSame(der);
        if (!fault.empty() && theirs)
            ++more_[kindOf(fault)];
        return !fault.empty() || theirs;
    }

    void expectReasonsAreKnown()
    {
        std::string unknown;
        for (const auto& [reason, times] : more_)
            if (!stricter().contains(reason))
                unknown += "\n" + std::to_string(times) + " times: " + reason;
        CPPUNIT_ASSERT_EQUAL(std::string(), unknown);
    }

    /// Each byte of each certificate's signed part, changed in these bits, and the whole signed again.
    void compare(Maker maker)
    {
        const Chain chain(maker);
        const auto good = chain.ders();
        CPPUNIT_ASSERT_EQUAL(std::string(), faultOf(good));
        CPPUNIT_ASSERT(opensslTakes(good));
        const std::array<const RawObject*, 3> objects{&chain.leaf, &chain.issuer, &chain.root};
        const std::array<Key, 3> signers{chain.issuerKey, chain.rootKey, chain.rootKey};
        for (std::size_t which = 0; which < objects.size(); ++which) {
            const Bytes tbs = objects[which]->tbs();
            for (std::size_t at = 0; at < tbs.size(); ++at)
                for (const std::uint8_t mask : std::array<std::uint8_t, 4>{0x01, 0x02, 0x20, 0x80}) {
                    Bytes changed = tbs;
                    changed[at] ^= mask;
                    auto ders = good;
                    ders[which] = objects[which]->signedBy(changed, signers[which]);
                    CPPUNIT_ASSERT_MESSAGE("OpenSSL refuses certificate " + std::to_string(which) +
                                               " with byte " + std::to_string(at) + " ^ " +
                                               std::to_string(mask),
                                           agree(ders));
                }
        }
        expectReasonsAreKnown();
    }

    void agreesOnChainsOfIntel() { compare(Maker::Intel); }
    void agreesOnChainsOfAmd() { compare(Maker::Amd); }

    /// Outer lengths, the outer algorithm, the signature: nothing there may be otherwise.
    void agreesOnBytesThatAreNotSigned()
    {
        for (const auto maker : {Maker::Intel, Maker::Amd}) {
            const Chain chain(maker);
            const auto good = chain.ders();
            const std::size_t end = chain.leaf.tbs().size() + 4; // behind the signed part
            for (std::size_t at = 0; at < good[0].size(); at = at == 3 ? end : at + 1) {
                auto ders = good;
                ders[0][at] ^= 0x01;
                CPPUNIT_ASSERT_MESSAGE(std::to_string(at), !faultOf(ders).empty() && !opensslTakes(ders));
            }
            for (std::size_t size = 0; size < good[0].size(); ++size) {
                auto ders = good;
                ders[0].resize(size);
                CPPUNIT_ASSERT(!faultOf(ders).empty());
            }
        }
    }

    void agreesOnCrls()
    {
        const Chain chain(Maker::Intel);
        const Certificate issuer = Certificate::fromDer(chain.ders()[2]);
        const VendorCertificate ours = VendorCertificate::fromDer(chain.ders()[2]);
        const RawObject good = RawObject::of(makeCrl({"the root", chain.rootKey, {0, 9}, {7, 300}}).der());
        const auto theirs = [&](const Bytes& der) {
            try {
                return Crl::fromDer(der).isSignedBy(issuer);
            } catch (const CryptoError&) {
                return false;
            }
        };
        const auto its = [&](const Bytes& der) -> std::optional<VendorCrl> {
            try {
                const VendorCrl crl = VendorCrl::fromDer(der);
                return crl.isSignedBy(ours) ? std::optional(crl) : std::nullopt;
            } catch (const CryptoError&) {
                return std::nullopt;
            }
        };
        CPPUNIT_ASSERT(its(good.signedBy(chain.rootKey)) && theirs(good.signedBy(chain.rootKey)));
        const Bytes tbs = good.tbs();
        for (std::size_t at = 0; at < tbs.size(); ++at)
            for (unsigned bit = 0; bit < 8; ++bit) {
                Bytes changed = tbs;
                changed[at] ^= static_cast<std::uint8_t>(1u << bit);
                const Bytes der = good.signedBy(changed, chain.rootKey);
                const auto read = its(der);
                if (!read)
                    continue;
                CPPUNIT_ASSERT_MESSAGE(std::to_string(at), theirs(der));
                const Crl known = Crl::fromDer(der);
                CPPUNIT_ASSERT_EQUAL(known.revokedCount(), read->revokedCount());
                CPPUNIT_ASSERT_EQUAL(known.validity().from, read->validity().from);
                CPPUNIT_ASSERT_EQUAL(known.validity().to, read->validity().to);
                CPPUNIT_ASSERT_EQUAL(known.revokes(issuer), read->revokes(ours));
            }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(VendorDifferentialTest);

} // namespace
} // namespace teehost::kit::test
