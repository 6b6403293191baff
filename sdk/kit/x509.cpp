// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/x509.h"

#include <ctime>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "teehost/kit/openssl_handle.h"
#include "teehost/kit/openssl_scope.h"

namespace teehost::kit {
namespace {

constexpr std::size_t kMaxDer = 1u << 20; // a thousand times a certificate; lengths are long in OpenSSL

UnixSeconds toUnix(const ASN1_TIME* time)
{
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1)
        throw CryptoError("a time in a certificate or CRL is not one");
    return ::timegm(&parts);
}

std::string commonName(const X509_NAME* name)
{
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0)
        return {};
    unsigned char* text = nullptr;
    const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (length < 0)
        return {};
    const std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
    OPENSSL_free(text);
    return out;
}

template <class T>
Bytes encode(T* object, int (*i2d)(const T*, unsigned char**))
{
    const int length = i2d(object, nullptr);
    if (length <= 0)
        throw CryptoError("OpenSSL cannot encode a certificate or CRL");
    Bytes der(static_cast<std::size_t>(length));
    unsigned char* end = der.data();
    i2d(object, &end);
    return der;
}

/// One object that is the whole input, in the only encoding DER has for it: others (longer lengths, other
/// booleans) would be accepted and give the same certificate different bytes.
template <class T>
std::shared_ptr<T> decode(ByteView der, T* (*d2i)(T**, const unsigned char**, long),
                          int (*i2d)(const T*, unsigned char**), void (*release)(T*), const char* what)
{
    const OpensslScope scope;
    const unsigned char* at = der.data();
    std::shared_ptr<T> object(
        der.size() > kMaxDer ? nullptr : d2i(nullptr, &at, static_cast<long>(der.size())), release);
    if (!object || at != der.data() + der.size() || !equal(encode<T>(object.get(), i2d), der))
        throw CryptoError(std::string("not ") + what + " in DER");
    return object;
}

} // namespace

Certificate Certificate::fromDer(ByteView der)
{
    return Certificate(decode<X509>(der, d2i_X509, i2d_X509, X509_free, "a certificate"));
}

Certificate Certificate::sharing(x509_st* x509)
{
    X509_up_ref(x509);
    return Certificate(std::shared_ptr<X509>(x509, X509_free));
}

std::string Certificate::subjectCommonName() const
{
    const OpensslScope scope;
    return commonName(X509_get_subject_name(x509_.get()));
}

std::string Certificate::issuerCommonName() const
{
    const OpensslScope scope;
    return commonName(X509_get_issuer_name(x509_.get()));
}

std::string Certificate::serial() const
{
    const OpensslScope scope;
    const Handle<BIGNUM, BN_free> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509_.get()), nullptr));
    if (!number)
        throw CryptoError("the serial number of a certificate is not a number");
    char* text = BN_bn2hex(number.get());
    const std::string out = text == nullptr ? "" : text;
    OPENSSL_free(text);
    return out;
}

Validity Certificate::validity() const
{
    const OpensslScope scope;
    return {toUnix(X509_get0_notBefore(x509_.get())), toUnix(X509_get0_notAfter(x509_.get()))};
}

PublicKey Certificate::publicKey() const
{
    const OpensslScope scope;
    EVP_PKEY* key = X509_get_pubkey(x509_.get());
    if (key == nullptr)
        throw CryptoError("the public key of a certificate is broken");
    return PublicKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

Bytes Certificate::publicKeyBits() const
{
    const OpensslScope scope;
    const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(x509_.get());
    const unsigned char* data = ASN1_STRING_get0_data(bits);
    return Bytes(data, data + ASN1_STRING_length(bits));
}

std::optional<Bytes> Certificate::extension(std::string_view oid) const
{
    const OpensslScope scope;
    const Handle<ASN1_OBJECT, ASN1_OBJECT_free> object(OBJ_txt2obj(std::string(oid).c_str(), /*no_name=*/1));
    const int at = object ? X509_get_ext_by_OBJ(x509_.get(), object.get(), -1) : -1;
    if (at < 0)
        return std::nullopt;
    if (X509_get_ext_by_OBJ(x509_.get(), object.get(), at) >= 0)
        throw CryptoError("the certificate has two extensions " + std::string(oid));
    const ASN1_OCTET_STRING* data = X509_EXTENSION_get_data(X509_get_ext(x509_.get(), at));
    const unsigned char* bytes = ASN1_STRING_get0_data(data);
    return Bytes(bytes, bytes + ASN1_STRING_length(data));
}

bool Certificate::hasPssSha384Signature() const
{
    const OpensslScope scope;
    int digest = NID_undef, key = NID_undef;
    return X509_get_signature_info(x509_.get(), &digest, &key, nullptr, nullptr) == 1 &&
           digest == NID_sha384 && key == NID_rsassaPss;
}

bool Certificate::hasEcdsaSha256Signature() const
{
    const OpensslScope scope;
    return X509_get_signature_nid(x509_.get()) == NID_ecdsa_with_SHA256;
}

bool Certificate::mayIssue() const
{
    const OpensslScope scope;
    return (X509_get_extension_flags(x509_.get()) & EXFLAG_CA) != 0 &&
           (X509_get_extension_flags(x509_.get()) & EXFLAG_KUSAGE) != 0 &&
           (X509_get_key_usage(x509_.get()) & KU_KEY_CERT_SIGN) != 0;
}

bool Certificate::isIssuedBy(const Certificate& issuer) const
{
    const OpensslScope scope;
    return X509_NAME_cmp(X509_get_issuer_name(x509_.get()), X509_get_subject_name(issuer.raw())) == 0 &&
           X509_verify(x509_.get(), X509_get0_pubkey(issuer.raw())) == 1;
}

Bytes Certificate::der() const
{
    const OpensslScope scope;
    return encode<X509>(x509_.get(), i2d_X509);
}

Sha256Digest Certificate::fingerprint() const { return sha256(der()); }

Crl Crl::fromDer(ByteView der)
{
    return Crl(decode<X509_CRL>(der, d2i_X509_CRL, i2d_X509_CRL, X509_CRL_free, "a CRL"));
}

bool Crl::isSignedBy(const Certificate& issuer) const
{
    const OpensslScope scope;
    const bool hasCritical = X509_CRL_get_ext_by_critical(crl_.get(), 1, -1) >= 0;
    return !hasCritical &&
           X509_NAME_cmp(X509_CRL_get_issuer(crl_.get()), X509_get_subject_name(issuer.raw())) == 0 &&
           X509_CRL_verify(crl_.get(), issuer.publicKey().raw()) == 1;
}

std::string Crl::issuerCommonName() const
{
    const OpensslScope scope;
    return commonName(X509_CRL_get_issuer(crl_.get()));
}

std::size_t Crl::revokedCount() const
{
    const OpensslScope scope;
    const int count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl_.get())); // -1: no list
    return count < 0 ? 0 : static_cast<std::size_t>(count);
}

Validity Crl::validity() const
{
    const OpensslScope scope;
    const UnixSeconds from = toUnix(X509_CRL_get0_lastUpdate(crl_.get()));
    const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl_.get());
    return {from, next == nullptr ? from : toUnix(next)};
}

bool Crl::revokes(const Certificate& certificate) const
{
    const OpensslScope scope;
    X509_REVOKED* entry = nullptr;
    // 0: not in it; 2: taken back ("removeFromCRL"). Whatever else is said of a serial number counts as
    // revoked.
    const int answer = X509_CRL_get0_by_cert(crl_.get(), &entry, certificate.raw());
    return answer != 0 && answer != 2;
}

Bytes Crl::der() const
{
    const OpensslScope scope;
    return encode<X509_CRL>(crl_.get(), i2d_X509_CRL);
}

} // namespace teehost::kit
