// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/forged_key.h"

#include <stdexcept>
#include <string_view>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "guest/agent/attest/key_templates.h"
#include "guest/agent/attest/tpm_command.h"

namespace teehost::guest {
namespace {

constexpr std::size_t kCoordinate = 32;

void require(bool worked)
{
    if (!worked)
        throw std::runtime_error("OpenSSL does not forge a key");
}

unsigned char* octets(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

/// nameAlg || H(bytes): a name of a public area, or a qualified name of a parent's and an own name (TPM 2.0
/// Library, part 1, section 16).
std::string name(std::string_view bytes)
{
    std::string digest(32, '\0');
    require(EVP_Digest(bytes.data(), bytes.size(), octets(digest), nullptr, EVP_sha256(), nullptr) == 1);
    return tpm::Writer().u16(tpm::kSha256).raw(digest).bytes();
}

std::string qualifiedName(const std::string& endorsementKey, const std::string& key)
{
    const std::string hierarchy = tpm::Writer().u32(tpm::kRhEndorsement).bytes();
    return name(name(hierarchy + name(endorsementKey)) + name(key));
}

std::string publicAreaOf(EVP_PKEY* key)
{
    unsigned char* point = nullptr;
    const std::size_t size = EVP_PKEY_get1_encoded_public_key(key, &point);
    const std::string bytes(reinterpret_cast<const char*>(point), size);
    OPENSSL_free(point);
    require(size == 1 + 2 * kCoordinate); // 4, x, y
    return tpm::attestationTemplate(bytes.substr(1, kCoordinate), bytes.substr(1 + kCoordinate));
}

/// TPMT_SIGNATURE of an ECDSA signature in DER.
std::string tpmSignature(const std::string& der)
{
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
    require(pair != nullptr);
    const auto padded = [](const BIGNUM* number) {
        std::string out(kCoordinate, '\0');
        require(BN_bn2binpad(number, octets(out), kCoordinate) == kCoordinate);
        return out;
    };
    tpm::Writer out;
    out.u16(tpm::kEcdsa).u16(tpm::kSha256);
    return out.sized(padded(ECDSA_SIG_get0_r(pair.get())))
        .sized(padded(ECDSA_SIG_get0_s(pair.get())))
        .bytes();
}

/// TPMS_ATTEST with another qualified signer, which stands behind the magic and the type.
std::string withSigner(const std::string& attest, const std::string& signer)
{
    tpm::Reader in(attest);
    tpm::Writer out;
    out.raw(in.raw(6)).sized(signer);
    static_cast<void>(in.sized());
    return out.raw(in.rest()).bytes();
}

} // namespace

ForgedKey::ForgedKey() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free)
{
    require(key_ != nullptr);
    publicArea_ = publicAreaOf(key_.get());
}

std::string ForgedKey::signature(const std::string& text) const
{
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    require(context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
            EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1);
    std::string der(size, '\0');
    require(EVP_DigestSign(context.get(), octets(der), &size, bytes, text.size()) == 1);
    der.resize(size);
    return tpmSignature(der);
}

void ForgedKey::sign(attest::Attestation& evidence, const std::string& endorsementKey) const
{
    const std::string signer = qualifiedName(endorsementKey, publicArea_);
    evidence.set_ak_pub(publicArea_);
    for (auto& quote : *evidence.mutable_quotes()) {
        quote.set_quote(withSigner(quote.quote(), signer));
        quote.set_raw_sig(signature(quote.quote()));
    }
}

} // namespace teehost::guest
