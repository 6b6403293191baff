// SPDX-License-Identifier: Apache-2.0
#include "test_certificates.h"

#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace teehost::cli::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void require(bool ok)
{
    if (!ok)
        throw std::runtime_error("OpenSSL refuses to make a test certificate");
}

template <class Write>
std::string toPem(Write write)
{
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
    require(bio && write(bio.get()) == 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

void addExtension(X509* cert, int nid, const std::string& value)
{
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()), X509_EXTENSION_free);
    require(extension && X509_add_ext(cert, extension.get(), -1) == 1);
}

/// A certificate that is valid for an hour and not signed yet.
Certificate makeCertificate(const std::string& name, EVP_PKEY* key)
{
    Certificate cert(X509_new(), X509_free);
    require(cert && X509_set_version(cert.get(), X509_VERSION_3) == 1);
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
    require(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0) == 1);
    require(X509_set_pubkey(cert.get(), key) == 1);
    return cert;
}

} // namespace

Authority::Authority(const std::string& name)
    : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), cert_(makeCertificate(name, key_.get()))
{
    X509_set_issuer_name(cert_.get(), X509_get_subject_name(cert_.get()));
    addExtension(cert_.get(), NID_basic_constraints, "critical,CA:TRUE");
    require(X509_sign(cert_.get(), key_.get(), EVP_sha256()) > 0);
}

std::string Authority::certPem() const
{
    return toPem([this](BIO* bio) { return PEM_write_bio_X509(bio, cert_.get()); });
}

Identity Authority::issue(const std::string& name) const
{
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const Certificate cert = makeCertificate(name, key.get());
    X509_set_issuer_name(cert.get(), X509_get_subject_name(cert_.get()));
    addExtension(cert.get(), NID_subject_alt_name, "DNS:" + name);
    require(X509_sign(cert.get(), key_.get(), EVP_sha256()) > 0);
    return {toPem([&](BIO* bio) { return PEM_write_bio_X509(bio, cert.get()); }), toPem([&](BIO* bio) {
                return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
            })};
}

} // namespace teehost::cli::test
