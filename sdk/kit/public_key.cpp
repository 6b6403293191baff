// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/public_key.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "teehost/kit/crypto_error.h"
#include "teehost/kit/openssl_handle.h"
#include "teehost/kit/openssl_scope.h"

namespace teehost::kit {
namespace {

using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Number = Handle<BIGNUM, BN_free>;
using Signature = Handle<ECDSA_SIG, ECDSA_SIG_free>;

const char* groupName(Curve curve) noexcept
{
    return curve == Curve::P256 ? "prime256v1" : curve == Curve::P384 ? "secp384r1" : "secp521r1";
}

Number numberOf(ByteView bytes)
{
    return Number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

/// ECDSA-Sig-Value of RFC 3279 section 2.2.3; empty when OpenSSL cannot.
Bytes derSignature(ByteView r, ByteView s)
{
    Signature signature(ECDSA_SIG_new());
    Number rNumber = numberOf(r), sNumber = numberOf(s);
    if (!signature || !rNumber || !sNumber ||
        ECDSA_SIG_set0(signature.get(), rNumber.get(), sNumber.get()) != 1)
        return {};
    static_cast<void>(rNumber.release()); // the signature's now
    static_cast<void>(sNumber.release());
    const int length = i2d_ECDSA_SIG(signature.get(), nullptr);
    if (length <= 0)
        return {};
    Bytes der(static_cast<std::size_t>(length));
    unsigned char* end = der.data();
    i2d_ECDSA_SIG(signature.get(), &end);
    return der;
}

/// A key of the curve without a point, to be copied: making a curve takes longer than all the rest. Never
/// freed, since OpenSSL may end before what is static here.
const EVP_PKEY* pointlessKey(Curve curve)
{
    const auto make = [](Curve its) {
        OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                                const_cast<char*>(groupName(its)), 0),
                               OSSL_PARAM_construct_end()};
        const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
        EVP_PKEY* key = nullptr;
        if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
            EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEY_PARAMETERS, params) != 1)
            throw CryptoError(std::string("OpenSSL has no curve ") + groupName(its));
        return key;
    };
    static const std::array<const EVP_PKEY*, 3> kKeys{make(Curve::P256), make(Curve::P384),
                                                      make(Curve::P521)};
    return kKeys[static_cast<std::size_t>(curve)];
}

} // namespace

OpensslScope::OpensslScope() noexcept { ERR_set_mark(); }
OpensslScope::~OpensslScope() { ERR_pop_to_mark(); }

PublicKey PublicKey::fromPoint(Curve curve, ByteView x, ByteView y)
{
    const OpensslScope scope;
    if (x.size() != sizeOf(curve) || y.size() != sizeOf(curve))
        throw CryptoError("a coordinate of the key has the wrong length");
    Bytes point{0x04}; // uncompressed, SEC 1 section 2.3.3
    point.insert(point.end(), x.begin(), x.end());
    point.insert(point.end(), y.begin(), y.end());
    Key key(EVP_PKEY_new());
    if (!key || EVP_PKEY_copy_parameters(key.get(), pointlessKey(curve)) != 1 ||
        EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), point.size()) != 1)
        throw CryptoError("the key is no point of its curve");
    return PublicKey(std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free));
}

PublicKey PublicKey::fromModulus(ByteView modulus, std::uint32_t exponent)
{
    const OpensslScope scope;
    const Number n = numberOf(modulus), e(BN_new());
    const Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
    if (!n || !e || !builder || BN_set_word(e.get(), exponent) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        throw CryptoError("the modulus is no RSA key");
    const Handle<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        throw CryptoError("the modulus is no RSA key");
    return PublicKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

bool PublicKey::operator==(const PublicKey& other) const
{
    const OpensslScope scope;
    return EVP_PKEY_eq(key_.get(), other.key_.get()) == 1;
}

std::size_t PublicKey::bits() const
{
    const OpensslScope scope;
    return static_cast<std::size_t>(std::max(0, EVP_PKEY_get_bits(key_.get())));
}

bool PublicKey::isRsa() const
{
    const OpensslScope scope;
    return EVP_PKEY_is_a(key_.get(), "RSA") == 1;
}

bool PublicKey::isOn(Curve curve) const
{
    const OpensslScope scope;
    std::array<char, 64> name{};
    std::size_t length = 0;
    return EVP_PKEY_is_a(key_.get(), "EC") == 1 &&
           EVP_PKEY_get_utf8_string_param(key_.get(), OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(),
                                          &length) == 1 &&
           std::string_view(name.data(), length) == groupName(curve);
}

PublicKey::Point PublicKey::pointOn(Curve curve) const
{
    const OpensslScope scope;
    if (!isOn(curve))
        throw CryptoError(std::string("the key is not an EC key on ") + groupName(curve));
    const auto coordinate = [&](const char* name) {
        BIGNUM* number = nullptr;
        if (EVP_PKEY_get_bn_param(key_.get(), name, &number) != 1)
            throw CryptoError("the key has no coordinates");
        const Number owned(number);
        Bytes bytes(sizeOf(curve));
        if (BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size())) < 0)
            throw CryptoError("a coordinate of the key is too long");
        return bytes;
    };
    return {coordinate(OSSL_PKEY_PARAM_EC_PUB_X), coordinate(OSSL_PKEY_PARAM_EC_PUB_Y)};
}

bool PublicKey::verifyEcdsa(ByteView digest, ByteView r, ByteView s) const
{
    const OpensslScope scope;
    constexpr std::size_t kLongest = 66; // of the largest curve there is, P-521
    if (r.size() > kLongest || s.size() > kLongest || EVP_PKEY_is_a(key_.get(), "EC") != 1)
        return false;
    const Bytes signature = derSignature(r, s);
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    return !signature.empty() && context && EVP_PKEY_verify_init(context.get()) == 1 &&
           EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) ==
               1;
}

bool PublicKey::verifyRsa(RsaPadding padding, HashAlgorithm algorithm, ByteView digest,
                          ByteView signature) const
{
    return verifyRsa(padding, RSA_PSS_SALTLEN_AUTO, algorithm, digest, signature);
}

bool PublicKey::verifyPss(HashAlgorithm algorithm, std::size_t salt, ByteView digest,
                          ByteView signature) const
{
    constexpr std::size_t kLongest = 512; // of a modulus of 4096 bits there is no more
    return salt <= kLongest &&
           verifyRsa(RsaPadding::Pss, static_cast<int>(salt), algorithm, digest, signature);
}

bool PublicKey::verifyRsa(RsaPadding padding, int salt, HashAlgorithm algorithm, ByteView digest,
                          ByteView signature) const
{
    const OpensslScope scope;
    if (!isRsa() || digest.size() != sizeOf(algorithm))
        return false;
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    const int mode = padding == RsaPadding::Pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    const std::string name(nameOf(algorithm));
    if (!context || EVP_PKEY_verify_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), mode) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context.get(), EVP_get_digestbyname(name.c_str())) != 1)
        return false;
    if (padding == RsaPadding::Pss && EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), salt) != 1)
        return false;
    return EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) ==
           1;
}

} // namespace teehost::kit
