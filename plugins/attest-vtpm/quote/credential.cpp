// SPDX-License-Identifier: Apache-2.0
#include "quote/credential.h"

#include <array>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <teehost/kit/crypto_error.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/openssl_handle.h>
#include <teehost/kit/openssl_scope.h>

namespace teehost::vtpm {
namespace {

using kit::Bytes, kit::ByteView, kit::Handle;
using namespace std::string_view_literals;

constexpr std::size_t kSeedBytes = 32, kAesBytes = 16; // of the template: SHA-256, AES-128

void expect(bool done, const char* what)
{
    if (!done)
        throw kit::CryptoError(std::string("OpenSSL cannot ") + what);
}

/// KDFa with SHA-256 (part 1, section 11.4.10.2) is the counter-mode KDF of SP 800-108 with HMAC.
Bytes kdfa(ByteView key, std::string_view label, ByteView context, std::size_t size)
{
    const Handle<EVP_KDF, EVP_KDF_free> kdf(::EVP_KDF_fetch(nullptr, "KBKDF", nullptr));
    const Handle<EVP_KDF_CTX, EVP_KDF_CTX_free> run(kdf ? ::EVP_KDF_CTX_new(kdf.get()) : nullptr);
    expect(run != nullptr, "derive a key");
    const auto octets = [](const char* name, const void* data, std::size_t length) {
        return ::OSSL_PARAM_construct_octet_string(name, const_cast<void*>(data), length);
    };
    const auto text = [](const char* name, const char* value) {
        return ::OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
    };
    const std::array parameters{text(OSSL_KDF_PARAM_MODE, "counter"),
                                text(OSSL_KDF_PARAM_MAC, "HMAC"),
                                text(OSSL_KDF_PARAM_DIGEST, "SHA256"),
                                octets(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
                                octets(OSSL_KDF_PARAM_SALT, label.data(), label.size()),
                                octets(OSSL_KDF_PARAM_INFO, context.data(), context.size()),
                                ::OSSL_PARAM_construct_end()};
    Bytes out(size);
    expect(::EVP_KDF_derive(run.get(), out.data(), out.size(), parameters.data()) == 1, "derive a key");
    return out;
}

/// RSAES-OAEP with SHA-256, the label with its NUL (part 1, annex B.10.3).
Bytes encryptSeed(const kit::PublicKey& ek, ByteView seed)
{
    constexpr std::string_view kLabel = "IDENTITY\0"sv;
    const Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> run(::EVP_PKEY_CTX_new(ek.raw(), nullptr));
    auto* label = static_cast<unsigned char*>(::OPENSSL_memdup(kLabel.data(), kLabel.size()));
    bool ready = run && label != nullptr && ::EVP_PKEY_encrypt_init(run.get()) == 1 &&
                 ::EVP_PKEY_CTX_set_rsa_padding(run.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
                 ::EVP_PKEY_CTX_set_rsa_oaep_md(run.get(), ::EVP_sha256()) == 1 &&
                 ::EVP_PKEY_CTX_set_rsa_mgf1_md(run.get(), ::EVP_sha256()) == 1;
    if (ready && ::EVP_PKEY_CTX_set0_rsa_oaep_label(run.get(), label, static_cast<int>(kLabel.size())) == 1)
        label = nullptr; // OpenSSL's now
    else
        ready = false;
    ::OPENSSL_free(label);
    std::size_t size = 0;
    expect(ready && ::EVP_PKEY_encrypt(run.get(), nullptr, &size, seed.data(), seed.size()) == 1,
           "encrypt for the endorsement key");
    Bytes out(size);
    expect(::EVP_PKEY_encrypt(run.get(), out.data(), &size, seed.data(), seed.size()) == 1,
           "encrypt for the endorsement key");
    out.resize(size);
    return out;
}

Bytes encryptIdentity(const Bytes& key, const Bytes& plain)
{
    const std::array<unsigned char, 16> zeros{};
    const Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> run(::EVP_CIPHER_CTX_new());
    Bytes out(plain.size());
    int size = 0;
    expect(
        run &&
            ::EVP_EncryptInit_ex(run.get(), ::EVP_aes_128_cfb128(), nullptr, key.data(), zeros.data()) == 1 &&
            ::EVP_EncryptUpdate(run.get(), out.data(), &size, plain.data(), static_cast<int>(plain.size())) ==
                1 &&
            static_cast<std::size_t>(size) == out.size(),
        "encrypt the credential");
    return out;
}

Bytes hmac(const Bytes& key, ByteView first, ByteView second)
{
    Bytes message(first.begin(), first.end());
    message.insert(message.end(), second.begin(), second.end());
    Bytes out(kSeedBytes);
    unsigned size = 0;
    expect(::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
                  out.data(), &size) != nullptr &&
               size == out.size(),
           "authenticate the credential");
    return out;
}

/// TPM2B: its size, the bytes.
void append(Bytes& out, ByteView bytes)
{
    out.push_back(static_cast<std::uint8_t>(bytes.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(bytes.size()));
    out.insert(out.end(), bytes.begin(), bytes.end());
}

} // namespace

kit::Bytes randomBytes(std::size_t count)
{
    Bytes out(count);
    expect(::RAND_bytes(out.data(), static_cast<int>(count)) == 1, "make random bytes");
    return out;
}

kit::Bytes makeCredential(const TpmKey& ek, kit::ByteView object_name, kit::ByteView secret)
{
    const kit::OpensslScope scope;
    if (!ek.key.isRsa() || ek.nameAlgorithm != HashAlgorithm::Sha2_256 || secret.size() > kCredentialBytes)
        throw kit::InputError("key", "the endorsement key is not an RSA key of the default template");
    const Bytes seed = randomBytes(kSeedBytes);
    Bytes plain;
    append(plain, secret);
    const Bytes identity = encryptIdentity(kdfa(seed, "STORAGE"sv, object_name, kAesBytes), plain);
    const Bytes integrity = hmac(kdfa(seed, "INTEGRITY"sv, {}, kSeedBytes), identity, object_name);
    Bytes idObject;
    append(idObject, integrity);
    idObject.insert(idObject.end(), identity.begin(), identity.end());
    Bytes out;
    append(out, idObject);
    append(out, encryptSeed(ek.key, seed));
    return out;
}

} // namespace teehost::vtpm
