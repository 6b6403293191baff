// SPDX-License-Identifier: Apache-2.0
#include "vtpm_factory/soft_tpm.h"

#include <stdexcept>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

namespace teehost::vtpm_factory {
namespace {

constexpr std::uint16_t kRsaSsa = 0x14, kRsaPss = 0x16, kEcdsa = 0x18, kNull = 0x10, kSha256 = 0x0B;

Key makeKey(Scheme scheme)
{
    EVP_PKEY* key = scheme == Scheme::Ecdsa
                        ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256") // variadic: a name
                        : EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
    if (key == nullptr)
        throw std::runtime_error("OpenSSL makes no key");
    return {key, EVP_PKEY_free};
}

Bytes number(const Key& key, const char* name, int size)
{
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(key.get(), name, &value) != 1)
        throw std::runtime_error("the key has no such number");
    Bytes out(static_cast<std::size_t>(size));
    BN_bn2binpad(value, out.data(), size);
    BN_free(value);
    return out;
}

Bytes publicArea(Scheme scheme, const Key& key, std::uint32_t attributes)
{
    const bool ecc = scheme == Scheme::Ecdsa;
    Writer out;
    out.big(ecc ? 0x23 : 0x01, 2).big(kSha256, 2).big(attributes, 4).sized({}).big(kNull, 2);
    out.big(ecc ? kEcdsa : scheme == Scheme::RsaSsa ? kRsaSsa : kRsaPss, 2).big(kSha256, 2);
    if (ecc)
        return out.big(0x3, 2)
            .big(kNull, 2)
            .sized(number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32))
            .sized(number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32))
            .bytes();
    return out.big(2048, 2).big(0, 4).sized(number(key, OSSL_PKEY_PARAM_RSA_N, 256)).bytes();
}

} // namespace

SoftTpm::SoftTpm(Scheme scheme, std::uint32_t attributes)
    : scheme_(scheme), key_(makeKey(scheme)), public_(publicArea(scheme, key_, attributes))
{
}

Bytes SoftTpm::akName() const
{
    const auto digest = kit::sha256(public_);
    return Writer().big(kSha256, 2).raw(digest).bytes();
}

Bytes SoftTpm::attest(const QuoteTerms& terms) const
{
    // The qualified name of a primary key of the owner's hierarchy.
    const auto qualified = kit::sha256(Writer().big(0x40000001, 4).raw(akName()).bytes());
    Writer out;
    out.big(terms.magic, 4).big(terms.type, 2);
    out.sized(Writer().big(kSha256, 2).raw(qualified).bytes()).sized(terms.nonce);
    out.big(terms.clock, 8).big(terms.resetCount, 4).big(terms.restartCount, 4).big(terms.safe, 1);
    out.big(0x20191023, 8).big(terms.pcrs.size(), 4);
    kit::Sha256 hasher;
    for (const auto& [bank, values] : terms.pcrs) {
        std::uint32_t bits = 0;
        for (const auto& [pcr, value] : values) {
            bits |= 1u << pcr;
            hasher.update(value);
        }
        out.big(algId(bank), 2).big(3, 1).little(bits, 3);
    }
    return out.sized(hasher.finish()).bytes();
}

Bytes SoftTpm::sign(kit::ByteView attest) const
{
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* parameters = nullptr;
    if (EVP_DigestSignInit(context.get(), &parameters, EVP_sha256(), nullptr, key_.get()) != 1)
        throw std::runtime_error("OpenSSL does not sign");
    if (scheme_ == Scheme::RsaPss) {
        EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST);
    }
    std::size_t size = 512;
    Bytes signature(size);
    if (EVP_DigestSign(context.get(), signature.data(), &size, attest.data(), attest.size()) != 1)
        throw std::runtime_error("OpenSSL does not sign");
    signature.resize(size);
    if (scheme_ != Scheme::Ecdsa)
        return Writer()
            .big(scheme_ == Scheme::RsaSsa ? kRsaSsa : kRsaPss, 2)
            .big(kSha256, 2)
            .sized(signature)
            .bytes();
    const unsigned char* at = signature.data();
    const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), ECDSA_SIG_free);
    Bytes r(32), s(32);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), r.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), s.data(), 32);
    return Writer().big(kEcdsa, 2).big(kSha256, 2).sized(r).sized(s).bytes();
}

} // namespace teehost::vtpm_factory
