// SPDX-License-Identifier: Apache-2.0
#include "x509_factory/x509_factory.h"

#include <array>
#include <stdexcept>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace teehost::x509_factory {
namespace {

void expect(bool done)
{
    if (!done)
        throw std::runtime_error("OpenSSL cannot make a fixture");
}

template <class T, class Free>
std::unique_ptr<T, Free> owned(T* object, Free release)
{
    expect(object != nullptr);
    return {object, release};
}

void setName(X509_NAME* name, const std::string& common)
{
    const auto add = [name](const char* field, const std::string& text) {
        expect(X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC,
                                          reinterpret_cast<const unsigned char*>(text.data()),
                                          static_cast<int>(text.size()), -1, 0) == 1);
    };
    add("C", "US");
    add("O", "Somebody who endorses TEEs");
    add("CN", common);
}

bool isRsa(const Key& key) { return EVP_PKEY_is_a(key.get(), "RSA") == 1; }

/// Who uses a 256-bit curve hashes with SHA-256.
const EVP_MD* usualDigest(const Key& key)
{
    return !isRsa(key) && EVP_PKEY_get_bits(key.get()) == 256 ? EVP_sha256() : EVP_sha384();
}

/// A signing context for X509_sign_ctx: RSASSA-PSS with a salt of 48 bytes, PKCS #1, or ECDSA.
auto signingContext(const Key& signer, bool pss, const std::string& digest = {})
{
    auto context = owned(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_PKEY_CTX* key = nullptr;
    const EVP_MD* md = digest.empty() ? usualDigest(signer) : EVP_get_digestbyname(digest.c_str());
    expect(EVP_DigestSignInit(context.get(), &key, md, nullptr, signer.get()) == 1);
    if (pss && isRsa(signer)) {
        expect(EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1);
        expect(EVP_PKEY_CTX_set_rsa_mgf1_md(key, md) == 1);
        expect(EVP_PKEY_CTX_set_rsa_pss_saltlen(key, 48) == 1);
    }
    return context;
}

void addExtension(X509* x509, const Extension& extension)
{
    const auto oid = owned(OBJ_txt2obj(extension.oid.c_str(), 1), &ASN1_OBJECT_free);
    const auto data = owned(ASN1_OCTET_STRING_new(), &ASN1_OCTET_STRING_free);
    expect(ASN1_OCTET_STRING_set(data.get(), extension.value.data(),
                                 static_cast<int>(extension.value.size())) == 1);
    const auto made =
        owned(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, data.get()), &X509_EXTENSION_free);
    expect(X509_add_ext(x509, made.get(), -1) == 1);
}

void addCaExtensions(X509* x509, const std::string& key_usage)
{
    for (const auto& [nid, value] : {std::pair(NID_basic_constraints, std::string("critical,CA:TRUE")),
                                     std::pair(NID_key_usage, "critical," + key_usage)}) {
        const auto made =
            owned(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()), &X509_EXTENSION_free);
        expect(X509_add_ext(x509, made.get(), -1) == 1);
    }
}

} // namespace

Key makeRsaKey() { return Key(EVP_RSA_gen(2048), EVP_PKEY_free); }
Key makeEcKey(const char* curve) { return Key(EVP_EC_gen(curve), EVP_PKEY_free); }

kit::Certificate makeCertificate(const CertificateTerms& terms)
{
    const auto x509 = owned(X509_new(), &X509_free);
    expect(X509_set_version(x509.get(), 2) == 1);
    expect(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509.get()), terms.serial) == 1);
    setName(X509_get_subject_name(x509.get()), terms.subject);
    setName(X509_get_issuer_name(x509.get()), terms.issuer);
    ASN1_TIME_set(X509_getm_notBefore(x509.get()), terms.validity.from);
    ASN1_TIME_set(X509_getm_notAfter(x509.get()), terms.validity.to);
    expect(X509_set_pubkey(x509.get(), terms.key.get()) == 1);
    if (terms.isCa)
        addCaExtensions(x509.get(), terms.keyUsage);
    for (const Extension& extension : terms.extensions)
        addExtension(x509.get(), extension);
    expect(X509_sign_ctx(x509.get(), signingContext(terms.signer, terms.pss, terms.digest).get()) > 0);
    unsigned char* der = nullptr;
    const int length = i2d_X509(x509.get(), &der);
    expect(length > 0);
    const Bytes bytes(der, der + length);
    OPENSSL_free(der);
    return kit::Certificate::fromDer(bytes);
}

kit::Crl makeCrl(const CrlTerms& terms)
{
    const auto crl = owned(X509_CRL_new(), &X509_CRL_free);
    expect(X509_CRL_set_version(crl.get(), 1) == 1);
    const auto name = owned(X509_NAME_new(), &X509_NAME_free);
    setName(name.get(), terms.issuer);
    expect(X509_CRL_set_issuer_name(crl.get(), name.get()) == 1);
    const auto from = owned(ASN1_TIME_set(nullptr, terms.validity.from), &ASN1_TIME_free);
    const auto to = owned(ASN1_TIME_set(nullptr, terms.validity.to), &ASN1_TIME_free);
    expect(X509_CRL_set1_lastUpdate(crl.get(), from.get()) == 1 &&
           X509_CRL_set1_nextUpdate(crl.get(), to.get()) == 1);
    for (const std::uint64_t serial : terms.revoked) {
        X509_REVOKED* entry = X509_REVOKED_new();
        const auto number = owned(ASN1_INTEGER_new(), &ASN1_INTEGER_free);
        expect(ASN1_INTEGER_set_uint64(number.get(), serial) == 1);
        expect(X509_REVOKED_set_serialNumber(entry, number.get()) == 1 &&
               X509_REVOKED_set_revocationDate(entry, from.get()) == 1 &&
               X509_CRL_add0_revoked(crl.get(), entry) == 1);
    }
    if (terms.criticalExtension) {
        const auto made =
            owned(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "critical,DNS:example.org"),
                  &X509_EXTENSION_free);
        expect(X509_CRL_add_ext(crl.get(), made.get(), -1) == 1);
    }
    X509_CRL_sort(crl.get());
    expect(X509_CRL_sign_ctx(crl.get(), signingContext(terms.signer, /*pss=*/true).get()) > 0);
    unsigned char* der = nullptr;
    const int length = i2d_X509_CRL(crl.get(), &der);
    expect(length > 0);
    const Bytes bytes(der, der + length);
    OPENSSL_free(der);
    return kit::Crl::fromDer(bytes);
}

Bytes signBytes(kit::ByteView message, const Key& key, std::size_t number)
{
    const auto context = owned(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    expect(EVP_DigestSignInit(context.get(), nullptr, usualDigest(key), nullptr, key.get()) == 1);
    std::array<unsigned char, 256> der{};
    std::size_t length = der.size();
    expect(EVP_DigestSign(context.get(), der.data(), &length, message.data(), message.size()) == 1);
    const unsigned char* at = der.data();
    const auto signature = owned(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)), &ECDSA_SIG_free);
    Bytes out(2 * number);
    const int size = static_cast<int>(number);
    expect(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), size) == size);
    expect(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + number, size) == size);
    return out;
}

std::string pem(std::string_view label, kit::ByteView der)
{
    constexpr std::size_t kLine = 64; // RFC 7468, section 2
    const std::string text = kit::toBase64(der);
    std::string out = "-----BEGIN " + std::string(label) + "-----\n";
    for (std::size_t at = 0; at < text.size(); at += kLine)
        out += text.substr(at, kLine) + "\n";
    return out + "-----END " + std::string(label) + "-----\n";
}

} // namespace teehost::x509_factory
