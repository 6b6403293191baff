// SPDX-License-Identifier: Apache-2.0
#include "peer/peer_key.h"

#include <cppunit/TestAssert.h>
#include <openssl/x509.h>

namespace teehost::test {
namespace {

EVP_PKEY* make(PeerKey::Kind kind)
{
    switch (kind) {
    case PeerKey::Kind::Rsa:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
    case PeerKey::Kind::P256:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case PeerKey::Kind::Ed25519:
        break;
    }
    return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
}

const unsigned char* bytesOf(const std::string& text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* roomIn(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

} // namespace

PeerKey::PeerKey(Kind kind) : key_(make(kind), EVP_PKEY_free), kind_(kind)
{
    CPPUNIT_ASSERT(key_ != nullptr);
}

std::string PeerKey::sign(const std::string& role) const
{
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* digest = kind_ == Kind::Ed25519 ? nullptr : EVP_sha256();
    CPPUNIT_ASSERT_EQUAL(1, EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()));
    std::size_t size = 1024;
    std::string signature(size, '\0');
    CPPUNIT_ASSERT_EQUAL(1,
                         EVP_DigestSign(context.get(), roomIn(signature), &size, bytesOf(role), role.size()));
    std::string text(size * 4 / 3 + 5, '\0');
    text.resize(
        static_cast<std::size_t>(EVP_EncodeBlock(roomIn(text), bytesOf(signature), static_cast<int>(size))));
    return text;
}

std::string PeerKey::publicKey() const
{
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    CPPUNIT_ASSERT(size > 0);
    std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

std::string sha3Of(const std::string& bytes)
{
    std::string out(32, '\0');
    CPPUNIT_ASSERT_EQUAL(
        1, EVP_Digest(bytes.data(), bytes.size(), roomIn(out), nullptr, EVP_sha3_256(), nullptr));
    return out;
}

} // namespace teehost::test
