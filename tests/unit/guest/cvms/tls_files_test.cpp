// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <stdexcept>
#include <string>

#include <cppunit/extensions/HelperMacros.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "guest/agent/cvms/tls_files.h"

namespace teehost::guest {
namespace {

template <class Write>
std::string pemOf(Write write)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    CPPUNIT_ASSERT_EQUAL(1, write(bio.get()));
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

/// A key and a certificate that it has signed itself.
struct Identity {
    Identity()
    {
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(EVP_EC_gen("P-256"), EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
        X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
        X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
        X509_set_pubkey(x509.get(), pair.get());
        CPPUNIT_ASSERT(X509_sign(x509.get(), pair.get(), EVP_sha256()) > 0);
        certificate = pemOf([&](BIO* bio) { return PEM_write_bio_X509(bio, x509.get()); });
        key = pemOf([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
        char passphrase[] = "x";
        encrypted = pemOf([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, pair.get(), EVP_aes_128_cbc(), nullptr, 0, nullptr,
                                            passphrase);
        });
    }

    std::string certificate, key, encrypted;
};

class TlsFilesTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TlsFilesTest);
    CPPUNIT_TEST(acceptsWhatGrpcCanUse);
    CPPUNIT_TEST(refusesTheRestWithoutShowingIt);
    CPPUNIT_TEST_SUITE_END();

    void acceptsWhatGrpcCanUse()
    {
        const Identity authority, client;
        checkTlsFiles({});
        checkTlsFiles({authority.certificate, "", ""});
        checkTlsFiles({authority.certificate, client.certificate, client.key});
        checkTlsFiles({"# a remark\n" + authority.certificate + client.certificate, "", ""});
    }

    void refusesTheRestWithoutShowingIt()
    {
        const Identity one, other;
        struct Row {
            TlsFiles files;
            std::string words;
        };
        const Row rows[] = {
            {{"garbage", "", ""}, "the server's authorities"},
            {{one.key, "", ""}, "the server's authorities"},
            {{one.certificate, "garbage", one.key}, "the client's certificate"},
            {{one.certificate, one.certificate, "garbage"}, "the client's key"},
            {{one.certificate, one.certificate, one.encrypted}, "the client's key"},
            {{one.certificate, one.certificate, other.key}, "of another key"},
        };
        for (const auto& row : rows) {
            std::string reason;
            try {
                checkTlsFiles(row.files);
            } catch (const std::invalid_argument& e) {
                reason = e.what();
            }
            CPPUNIT_ASSERT_MESSAGE(row.words + " not in: " + reason,
                                   reason.find(row.words) != std::string::npos);
            CPPUNIT_ASSERT(reason.find("garbage") == std::string::npos);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TlsFilesTest);

} // namespace
} // namespace teehost::guest
