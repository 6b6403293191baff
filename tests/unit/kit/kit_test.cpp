// SPDX-License-Identifier: Apache-2.0
#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sys/stat.h>
#include <unistd.h>

#include <teehost/kit/digest.h>
#include <teehost/kit/file.h>
#include <teehost/kit/reader.h>
#include <teehost/kit/x509.h>

#include "x509_factory/x509_factory.h"

namespace teehost::kit {
namespace {

namespace fs = std::filesystem;
using x509_factory::pem;

class KitTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KitTest);
    CPPUNIT_TEST(writesAndReadsHex);
    CPPUNIT_TEST(readsExactlyTheBase64ItWrites);
    CPPUNIT_TEST(readsNumbersWithinBounds);
    CPPUNIT_TEST(hashesAsThePublishedExamples);
    CPPUNIT_TEST(readsFilesWithinLimits);
    CPPUNIT_TEST(readsEveryFormOfCertificates);
    CPPUNIT_TEST(tellsValidityAndSerial);
    CPPUNIT_TEST(verifiesRawSignatures);
    CPPUNIT_TEST(hashesByName);
    CPPUNIT_TEST(verifiesRsaSignatures);
    CPPUNIT_TEST(findsAWayToAnAnchor);
    CPPUNIT_TEST(leavesTheErrorQueueAlone);
    CPPUNIT_TEST_SUITE_END();

    void writesAndReadsHex()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("00ff1a"), toHex(Bytes{0, 0xff, 0x1a}));
        CPPUNIT_ASSERT(fromHex("00fF1A") == Bytes({0, 0xff, 0x1a}));
        CPPUNIT_ASSERT(fromHex("") == Bytes());
        for (const char* text : {"0", "0g", " 00", "0x00", "00\n"})
            CPPUNIT_ASSERT_MESSAGE(text, !fromHex(text));
    }

    void readsExactlyTheBase64ItWrites()
    {
        for (std::size_t size = 0; size < 70; ++size) {
            Bytes bytes(size, static_cast<std::uint8_t>(37 * size + 1));
            CPPUNIT_ASSERT(fromBase64(toBase64(bytes)) == bytes);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("Zm9vYg=="), toBase64(viewOf("foob"))); // RFC 4648, section 10
        for (const char* text : {"Zm9vYg=", "Zm9vYg", "Zm9vYh==", "Zm9v Yg==", "Zm9vYg==\n", "====", "Zm=v",
                                 "\nZm9vYg==", "Zm9$"})
            CPPUNIT_ASSERT_MESSAGE(text, !fromBase64(text));
    }

    void readsNumbersWithinBounds()
    {
        const Bytes data{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
        Reader in(data, "thing");
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{0x0201}, in.u16());
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{0x03040506}, in.u32be());
        Reader part = in.part(3);
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{7}, part.u8());
        CPPUNIT_ASSERT_EQUAL(std::size_t{7}, part.offset());
        try {
            static_cast<void>(part.u32());
            CPPUNIT_FAIL("read beyond the end");
        } catch (const ParseError& e) {
            CPPUNIT_ASSERT_EQUAL(std::size_t{7}, e.offset());
            CPPUNIT_ASSERT_EQUAL(std::string("thing: 4 bytes wanted where 2 are left, at offset 0x7"),
                                 std::string(e.what()));
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{9}, in.offset());
        CPPUNIT_ASSERT_THROW(in.expectDone(), ParseError);
        CPPUNIT_ASSERT_THROW(in.skip(SIZE_MAX), ParseError);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, in.rest().size());
        CPPUNIT_ASSERT_NO_THROW(in.expectDone());
    }

    void hashesAsThePublishedExamples()
    {
        // FIPS 180-4's examples of "abc".
        CPPUNIT_ASSERT_EQUAL(std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                             toHex(sha256(viewOf("abc"))));
        const std::string sha384OfAbc = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                                        "8086072ba1e7cc2358baeca134c825a7";
        Sha384 hasher;
        hasher.update(viewOf("a"));
        hasher.update(viewOf("bc"));
        CPPUNIT_ASSERT_EQUAL(sha384OfAbc, toHex(hasher.finish()));
        CPPUNIT_ASSERT_EQUAL(sha384OfAbc, toHex(hasher.of(viewOf("abc")))); // it can be used again
    }

    void readsFilesWithinLimits()
    {
        const fs::path folder = fs::temp_directory_path() / ("kit-test-" + std::to_string(::getpid()));
        fs::create_directory(folder);
        const auto path = (folder / "file").string();
        std::ofstream(path) << "content";
        CPPUNIT_ASSERT_EQUAL(std::string("content"), std::string(textOf(readFile(path, "thing", 7))));
        CPPUNIT_ASSERT_EQUAL(toHex(sha256(viewOf("content"))), toHex(sha256OfFile(path, "thing")));
        CPPUNIT_ASSERT_THROW(static_cast<void>(readFile(path, "thing", 6)), std::runtime_error);
        CPPUNIT_ASSERT_THROW(static_cast<void>(readFile(folder.string(), "thing", 9)), std::runtime_error);
        CPPUNIT_ASSERT_THROW(static_cast<void>(readFile(path + "x", "thing", 9)), std::system_error);
        ::mkfifo((folder / "fifo").c_str(), 0600); // must not be waited for
        CPPUNIT_ASSERT_THROW(static_cast<void>(sha256OfFile((folder / "fifo").string(), "thing")),
                             std::runtime_error);
        fs::remove_all(folder);
    }

    const x509_factory::Key key_ = x509_factory::makeEcKey();

    [[nodiscard]] Certificate certificate() const
    {
        return x509_factory::makeCertificate({"leaf", "leaf", key_, key_, false, true, 0x00ff, {1000, 2000}});
    }

    void readsEveryFormOfCertificates()
    {
        const Bytes der = certificate().der();
        const Bytes crl = x509_factory::makeCrl({"leaf", key_}).der();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, readX509(der).certificates.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, readX509(crl).crls.size());
        const std::string both = "some words\n" + pem("CERTIFICATE", der) + pem("X509 CRL", crl) +
                                 pem("CERTIFICATE", der) + pem("SOMETHING ELSE", Bytes{1, 2, 3});
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, readX509(viewOf(both)).certificates.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, readX509(viewOf(both)).crls.size());
        CPPUNIT_ASSERT(looksLikeX509(der) && looksLikeX509(viewOf(both)) && !looksLikeX509(viewOf("words")));
        Bytes longer = der;
        longer.push_back(0);
        std::string cut = both.substr(0, both.size() / 2);
        for (const Bytes& bad :
             {longer, Bytes(), Bytes{0x30, 0x82, 0xff, 0xff}, Bytes(cut.begin(), cut.end())})
            CPPUNIT_ASSERT_THROW(static_cast<void>(readX509(bad)), CryptoError);
        CPPUNIT_ASSERT_THROW(static_cast<void>(readX509(viewOf(pem("SOMETHING ELSE", Bytes{1})))),
                             CryptoError);
    }

    void tellsValidityAndSerial()
    {
        const Certificate made = certificate();
        CPPUNIT_ASSERT_EQUAL(std::string("FF"), made.serial());
        CPPUNIT_ASSERT_EQUAL(UnixSeconds{1000}, made.validity().from);
        CPPUNIT_ASSERT_EQUAL(UnixSeconds{2000}, made.validity().to);
        CPPUNIT_ASSERT(made.validity().covers(1000) && made.validity().covers(2000));
        CPPUNIT_ASSERT(!made.validity().covers(999) && !made.validity().covers(2001));
        CPPUNIT_ASSERT_EQUAL(std::string("leaf"), made.subjectCommonName());
        CPPUNIT_ASSERT(!made.extension("1.2.3.4"));
        CPPUNIT_ASSERT(!made.hasPssSha384Signature());
    }

    void verifiesRawSignatures()
    {
        const Bytes signature = x509_factory::signBytes(viewOf("a message"), key_, 48);
        const auto digest = sha384(viewOf("a message"));
        const ByteView r = ByteView(signature).first(48), s = ByteView(signature).subspan(48);
        const PublicKey key(key_);
        CPPUNIT_ASSERT(key.verifyEcdsa(digest, r, s));
        CPPUNIT_ASSERT(!key.verifyEcdsa(digest, s, r));
        CPPUNIT_ASSERT(!key.verifyEcdsa(digest, {}, {}));
        CPPUNIT_ASSERT(!key.verifyEcdsa(digest, Bytes(1000, 1), s));
        const auto point = key.pointOn(Curve::P384);
        CPPUNIT_ASSERT(PublicKey::fromPoint(Curve::P384, point.x, point.y).verifyEcdsa(digest, r, s));
        Bytes off = point.y;
        off[47] ^= 1;
        CPPUNIT_ASSERT_THROW(static_cast<void>(PublicKey::fromPoint(Curve::P384, point.x, off)), CryptoError);
        CPPUNIT_ASSERT_THROW(static_cast<void>(PublicKey::fromPoint(Curve::P256, point.x, point.y)),
                             CryptoError);
        CPPUNIT_ASSERT(key.isOn(Curve::P384) && !key.isOn(Curve::P256));
        CPPUNIT_ASSERT_THROW(static_cast<void>(key.pointOn(Curve::P256)), CryptoError);
    }

    void hashesByName()
    {
        // FIPS 180-4's and 202's examples of "abc", by their beginnings.
        const std::pair<HashAlgorithm, const char*> rows[]{{HashAlgorithm::Sha1, "a9993e36"},
                                                           {HashAlgorithm::Sha2_256, "ba7816bf"},
                                                           {HashAlgorithm::Sha2_384, "cb00753f"},
                                                           {HashAlgorithm::Sha2_512, "ddaf35a1"},
                                                           {HashAlgorithm::Sha3_512, "b751850b"}};
        for (const auto& [algorithm, beginning] : rows) {
            AnyHasher hasher(algorithm);
            for (int i = 0; i < 2; ++i) { // it can be used again
                hasher.update(viewOf("a"));
                const AnyDigest digest = hasher.of(viewOf("bc"));
                CPPUNIT_ASSERT_EQUAL(sizeOf(algorithm), digest.size());
                CPPUNIT_ASSERT_EQUAL(std::string(beginning), toHex(digest.view().first(4)));
            }
        }
        CPPUNIT_ASSERT_THROW(AnyDigest(Bytes(65)), std::length_error);
    }

    static Bytes rsaSignature(const x509_factory::Key& key, bool pss, ByteView message)
    {
        EVP_PKEY_CTX* parameters = nullptr;
        const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        Bytes signature(1024);
        std::size_t size = signature.size();
        EVP_DigestSignInit(context.get(), &parameters, EVP_sha256(), nullptr, key.get());
        if (pss)
            EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
        EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size());
        signature.resize(size);
        return signature;
    }

    void verifiesRsaSignatures()
    {
        const auto rsa = x509_factory::makeRsaKey();
        const PublicKey key(rsa);
        const Bytes message(100, 7);
        const auto digest = sha256(message);
        for (const bool pss : {false, true}) {
            Bytes signature = rsaSignature(rsa, pss, message);
            const auto right = pss ? RsaPadding::Pss : RsaPadding::Pkcs1,
                       wrong = pss ? RsaPadding::Pkcs1 : RsaPadding::Pss;
            CPPUNIT_ASSERT(key.verifyRsa(right, HashAlgorithm::Sha2_256, digest, signature));
            CPPUNIT_ASSERT(!key.verifyRsa(wrong, HashAlgorithm::Sha2_256, digest, signature));
            CPPUNIT_ASSERT(!key.verifyRsa(right, HashAlgorithm::Sha2_384, digest, signature));
            CPPUNIT_ASSERT(!PublicKey(key_).verifyRsa(right, HashAlgorithm::Sha2_256, digest, signature));
            signature.back() ^= 1;
            CPPUNIT_ASSERT(!key.verifyRsa(right, HashAlgorithm::Sha2_256, digest, signature));
            CPPUNIT_ASSERT(!key.verifyRsa(right, HashAlgorithm::Sha2_256, digest, {}));
        }
        CPPUNIT_ASSERT(key == PublicKey(rsa) && !(key == PublicKey(key_)));
        CPPUNIT_ASSERT(key.isRsa() && !PublicKey(key_).isRsa());
    }

    void findsAWayToAnAnchor()
    {
        using x509_factory::kNow, x509_factory::makeCertificate;
        const auto signer = x509_factory::makeEcKey();
        const auto root = makeCertificate({"root", "root", key_, key_, true, false, 1});
        const auto middle = makeCertificate({"middle", "root", signer, key_, true, false, 2});
        const auto leaf = makeCertificate({"leaf", "middle", key_, signer, false, false, 3});
        const std::vector pool{leaf, middle}, roots{root}, middles{middle};
        const auto found = findChain(leaf, pool, roots, kNow);
        CPPUNIT_ASSERT(!found.fault);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, found.issuers.size());
        CPPUNIT_ASSERT(found.issuers.back().fingerprint() == root.fingerprint());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findChain(leaf, {}, middles, kNow).issuers.size());
        CPPUNIT_ASSERT(findChain(leaf, {}, roots, kNow).fault);
        CPPUNIT_ASSERT(findChain(leaf, pool, {}, kNow).fault);
        CPPUNIT_ASSERT(findChain(leaf, pool, roots, kNow + 3 * x509_factory::kYear).fault);
    }

    void leavesTheErrorQueueAlone()
    {
        ERR_clear_error();
        ERR_raise(ERR_LIB_USER, 7);
        CPPUNIT_ASSERT_THROW(static_cast<void>(readX509(Bytes(10, 1))), CryptoError);
        CPPUNIT_ASSERT_EQUAL(7, ERR_GET_REASON(ERR_get_error()));
        CPPUNIT_ASSERT_EQUAL(0ul, ERR_get_error());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(KitTest);

} // namespace
} // namespace teehost::kit
