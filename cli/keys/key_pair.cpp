// SPDX-License-Identifier: Apache-2.0
#include "cli/keys/key_pair.h"

#include <array>
#include <memory>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "cli/failure.h"
#include "cli/keys/new_file.h"
#include "host/base/free_with.h"

namespace teehost::cli {
namespace {

using EvpKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

[[noreturn]] void opensslFailure(const char* what)
{
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    throw Failure(ExitCode::Failed, std::string("cannot ") + what + ": " + text.data());
}

std::string contentOf(const Bio& bio)
{
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return size <= 0 ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

std::string privatePem(EVP_PKEY& key)
{
    const Bio bio(BIO_new(BIO_s_secmem())); // wiped when freed
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
        opensslFailure("encode the private key");
    return contentOf(bio);
}

std::string publicPem(EVP_PKEY& key)
{
    const Bio bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_PUBKEY(bio.get(), &key) != 1)
        opensslFailure("encode the public key");
    return contentOf(bio);
}

std::string publicFingerprint(EVP_PKEY& key)
{
    const Bio bio(BIO_new(BIO_s_mem()));
    if (!bio || i2d_PUBKEY_bio(bio.get(), &key) != 1)
        opensslFailure("encode the public key");
    const std::string der = contentOf(bio);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(der.data(), der.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        opensslFailure("digest the public key");
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
        text += "0123456789abcdef"[digest[i] >> 4];
        text += "0123456789abcdef"[digest[i] & 0xF];
    }
    return text;
}

} // namespace

KeyPair::~KeyPair() { OPENSSL_cleanse(privatePem.data(), privatePem.size()); }

KeyPair generateKeyPair(unsigned bits)
{
    const EvpKey key(EVP_RSA_gen(bits));
    if (!key)
        opensslFailure("generate an RSA key");
    KeyPair keys;
    keys.privatePem = privatePem(*key);
    keys.publicPem = publicPem(*key);
    keys.fingerprint = publicFingerprint(*key);
    return keys;
}

KeyPaths keyPathsIn(const std::filesystem::path& directory)
{
    return {directory / "private.pem", directory / "public.pem"};
}

void expectNoKeys(const KeyPaths& paths)
{
    expectAbsent(paths.privateKey);
    expectAbsent(paths.publicKey);
}

void writeKeyPair(const KeyPair& keys, const KeyPaths& paths, Existing existing)
{
    NewFile privateKey(paths.privateKey, 0600, keys.privatePem);
    NewFile publicKey(paths.publicKey, 0644, keys.publicPem);
    if (existing == Existing::Replace) {
        privateKey.replace();
        publicKey.replace();
        return;
    }
    privateKey.publish();
    try {
        publicKey.publish();
    } catch (...) {
        privateKey.withdraw();
        throw;
    }
}

} // namespace teehost::cli
