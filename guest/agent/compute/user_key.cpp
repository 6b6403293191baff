// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/user_key.h"

#include <string>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "guest/agent/compute/refusal.h"

namespace teehost::guest {
namespace {

constexpr std::size_t kMaxKeyBytes = 2048; // RSA of 8192 bits has about 1100
constexpr std::size_t kMaxSignatureText = 2048;
constexpr int kLeastRsaBits = 2048, kMostRsaBits = 8192;

const unsigned char* bytesOf(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

bool isAccepted(EVP_PKEY* key)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return EVP_PKEY_get_bits(key) >= kLeastRsaBits && EVP_PKEY_get_bits(key) <= kMostRsaBits;
    case EVP_PKEY_EC: {
        char curve[32] = "";
        EVP_PKEY_get_group_name(key, curve, sizeof curve, nullptr);
        const std::string_view name = curve;
        return name == "prime256v1" || name == "secp384r1" || name == "secp521r1";
    }
    case EVP_PKEY_ED25519:
        return true;
    default:
        return false;
    }
}

/// Empty when the text is no base64.
std::string decoded(std::string_view text)
{
    if (text.empty() || text.size() > kMaxSignatureText || text.size() % 4 != 0)
        return {};
    std::string out(text.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytesOf(text),
                                     static_cast<int>(text.size()));
    if (size < 0)
        return {};
    // EVP_DecodeBlock counts the padding as zeros.
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    out.resize(static_cast<std::size_t>(size) - padding);
    return out;
}

/// Clears what OpenSSL notes of a failure, which the next caller in this thread would take for its own.
struct ClearedErrors {
    ~ClearedErrors() { ERR_clear_error(); }
};

} // namespace

UserKey UserKey::parse(std::string_view der)
{
    const ClearedErrors cleared;
    const unsigned char* at = bytesOf(der);
    UserKey out;
    if (der.size() <= kMaxKeyBytes)
        out.key_.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())), EVP_PKEY_free);
    if (!out.key_ || at != bytesOf(der) + der.size())
        throw Refusal(Refusal::Kind::Input, "a user key of the manifest is no SubjectPublicKeyInfo in DER");
    if (!isAccepted(out.key_.get()))
        throw Refusal(Refusal::Kind::Input, "a user key of the manifest is neither RSA of 2048 to 8192 bits, "
                                            "nor on P-256, P-384 or P-521, nor Ed25519");
    return out;
}

bool UserKey::hasSigned(std::string_view role, std::string_view signature) const
{
    const ClearedErrors cleared;
    const std::string bytes = decoded(signature);
    if (bytes.empty())
        return false;
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* digest = EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
    return context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytesOf(bytes), bytes.size(), bytesOf(role), role.size()) == 1;
}

void refuseSignature(std::string_view role)
{
    throw Refusal(Refusal::Kind::Authentication,
                  "the request is not signed for the role " + std::string(role) +
                      " by a key that the computation's manifest names for it");
}

} // namespace teehost::guest
