// SPDX-License-Identifier: Apache-2.0
#include "vtpm/make_credential.h"

#include <memory>
#include <stdexcept>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace teehost::test {
namespace {

constexpr std::size_t kSeed = 32, kAesKey = 16;
constexpr std::string_view kIdentity("IDENTITY\0", 9);

void require(bool worked)
{
    if (!worked)
        throw std::runtime_error("OpenSSL does not make a credential");
}

const unsigned char* octets(std::string_view bytes)
{
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* octets(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

std::string bigEndian(std::uint32_t number, int bytes)
{
    std::string out;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out += static_cast<char>(number >> shift);
    return out;
}

std::string sized(const std::string& bytes)
{
    return bigEndian(static_cast<std::uint32_t>(bytes.size()), 2) + bytes;
}

std::string hmac(const std::string& key, const std::string& text)
{
    std::string out(32, '\0');
    require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(text), text.size(),
                 octets(out), nullptr) != nullptr);
    return out;
}

/// KDFa with SHA-256, of at most its 256 bits.
std::string kdfa(const std::string& key, const std::string& label, const std::string& context,
                 std::uint32_t bits)
{
    return hmac(key, bigEndian(1, 4) + label + '\0' + context + bigEndian(bits, 4)).substr(0, bits / 8);
}

std::string aesCfb(const std::string& key, const std::string& text)
{
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                  EVP_CIPHER_CTX_free);
    const std::string iv(kAesKey, '\0');
    std::string out = text;
    int length = 0;
    require(EVP_EncryptInit_ex(context.get(), EVP_aes_128_cfb128(), nullptr, octets(std::string_view(key)),
                               octets(std::string_view(iv))) == 1 &&
            EVP_EncryptUpdate(context.get(), octets(out), &length, octets(std::string_view(text)),
                              static_cast<int>(text.size())) == 1);
    return out;
}

std::string encryptTo(const std::string& certificate, const std::string& seed)
{
    const auto* der = octets(std::string_view(certificate));
    const std::unique_ptr<X509, decltype(&X509_free)> parsed(
        d2i_X509(nullptr, &der, static_cast<long>(certificate.size())), X509_free);
    require(parsed != nullptr);
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new(X509_get0_pubkey(parsed.get()), nullptr), EVP_PKEY_CTX_free);
    require(context && EVP_PKEY_encrypt_init(context.get()) == 1 &&
            EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) == 1 &&
            EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) == 1);
    void* label = OPENSSL_memdup(kIdentity.data(), kIdentity.size()); // the context owns it
    require(EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), label, static_cast<int>(kIdentity.size())) == 1);
    std::string out(256, '\0');
    std::size_t length = out.size();
    require(EVP_PKEY_encrypt(context.get(), octets(out), &length, octets(std::string_view(seed)),
                             seed.size()) == 1 &&
            length == out.size());
    return out;
}

} // namespace

std::string makeCredential(const std::string& ek_certificate, const std::string& name,
                           const std::string& secret)
{
    std::string seed(kSeed, '\0');
    require(RAND_bytes(octets(seed), static_cast<int>(seed.size())) == 1);
    const std::string identity = aesCfb(kdfa(seed, "STORAGE", name, 128), sized(secret));
    const std::string integrity = hmac(kdfa(seed, "INTEGRITY", "", 256), identity + name);
    return sized(sized(integrity) + identity) + sized(encryptTo(ek_certificate, seed));
}

} // namespace teehost::test
