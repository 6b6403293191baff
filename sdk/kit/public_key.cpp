// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/public_key.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
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

const char* groupName(Curve curve) noexcept
{
    return curve == Curve::P256 ? "prime256v1" : curve == Curve::P384 ? "secp384r1" : "secp521r1";
}

Number numberOf(ByteView bytes)
{
    return Number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

constexpr std::size_t kLongestNumber = sizeOf(Curve::P521); // of all curves

/// ECDSA-Sig-Value (RFC 3279, section 2.2.3) in DER, written in place: OpenSSL's numbers and encoder take as
/// long as a twentieth of the check.
class EcdsaValue {
public:
    /// Numbers of at most kLongestNumber bytes.
    EcdsaValue(ByteView r, ByteView s)
    {
        const ByteView numbers[]{significant(r), significant(s)};
        const std::size_t content = sizeOfInteger(numbers[0]) + sizeOfInteger(numbers[1]);
        put(0x30);
        if (content > 0x7f)
            put(0x81); // one more byte of length (X.690, 8.1.3.5)
        put(content);
        for (const ByteView number : numbers) {
            put(0x02);
            put(sizeOfInteger(number) - kHeader);
            if (needsZero(number))
                put(0);
            std::copy(number.begin(), number.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
            size_ += number.size();
        }
    }
    [[nodiscard]] const std::uint8_t* data() const noexcept { return bytes_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::size_t kHeader = 2; ///< tag and length of a number

    static ByteView significant(ByteView number) noexcept
    {
        while (!number.empty() && number.front() == 0)
            number = number.subspan(1);
        return number;
    }
    /// Zero itself is one byte, and a number whose first bit is set would be negative.
    static bool needsZero(ByteView number) noexcept { return number.empty() || number.front() >= 0x80; }
    static std::size_t sizeOfInteger(ByteView number) noexcept
    {
        return kHeader + (needsZero(number) ? 1 : 0) + number.size();
    }
    void put(std::size_t byte) noexcept { bytes_[size_++] = static_cast<std::uint8_t>(byte); }

    std::array<std::uint8_t, 3 + 2 * (kHeader + 1 + kLongestNumber)> bytes_{};
    std::size_t size_ = 0;
};

/// Named for OpenSSL, which takes its own implementation of it.
const EVP_MD* digestOf(HashAlgorithm algorithm)
{
    switch (algorithm) {
    case HashAlgorithm::Sha1:
        return EVP_sha1();
    case HashAlgorithm::Sha2_256:
        return EVP_sha256();
    case HashAlgorithm::Sha2_384:
        return EVP_sha384();
    case HashAlgorithm::Sha2_512:
        return EVP_sha512();
    case HashAlgorithm::Sha3_512:
        return EVP_sha3_512();
    }
    throw std::invalid_argument("no such hash algorithm");
}

const EVP_PKEY* makePointlessKey(Curve curve)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(groupName(curve)), 0),
        OSSL_PARAM_construct_end()};
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* key = nullptr;
    if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEY_PARAMETERS, params) != 1)
        throw CryptoError(std::string("OpenSSL has no curve ") + groupName(curve));
    return key;
}

/// A key of the curve without a point, to be copied: making a curve takes longer than all the rest, so one is
/// made when the first key on it is read. Never freed, since OpenSSL may end before what is static here.
template <Curve Its>
const EVP_PKEY* pointlessKey()
{
    static const EVP_PKEY* const key = makePointlessKey(Its);
    return key;
}

const EVP_PKEY* pointlessKey(Curve curve)
{
    return curve == Curve::P256   ? pointlessKey<Curve::P256>()
           : curve == Curve::P384 ? pointlessKey<Curve::P384>()
                                  : pointlessKey<Curve::P521>();
}

} // namespace

OpensslScope::OpensslScope() noexcept { ERR_set_mark(); }
OpensslScope::~OpensslScope() { ERR_pop_to_mark(); }

PublicKey::PublicKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key))
{
    const OpensslScope scope;
    if (EVP_PKEY_is_a(key_.get(), "EC") == 1)
        kind_ = Kind::Ec;
    else if (EVP_PKEY_is_a(key_.get(), "RSA") == 1)
        kind_ = Kind::Rsa;
}

PublicKey PublicKey::fromPoint(Curve curve, ByteView x, ByteView y)
{
    const OpensslScope scope;
    if (x.size() != sizeOf(curve) || y.size() != sizeOf(curve))
        throw CryptoError("a coordinate of the key has the wrong length");
    std::array<std::uint8_t, 1 + 2 * kLongestNumber> point{0x04}; // uncompressed, SEC 1 section 2.3.3
    std::copy(y.begin(), y.end(), std::copy(x.begin(), x.end(), point.begin() + 1));
    Key key(EVP_PKEY_new());
    if (!key || EVP_PKEY_copy_parameters(key.get(), pointlessKey(curve)) != 1 ||
        EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), 1 + x.size() + y.size()) != 1)
        throw CryptoError("the key is no point of its curve");
    return {std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free), Kind::Ec};
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
    return {std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free), Kind::Rsa};
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

bool PublicKey::isOn(Curve curve) const
{
    const OpensslScope scope;
    std::array<char, 64> name{};
    std::size_t length = 0;
    return kind_ == Kind::Ec &&
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
    if (kind_ != Kind::Ec || r.size() > kLongestNumber || s.size() > kLongestNumber)
        return false;
    const EcdsaValue signature(r, s);
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    return context && EVP_PKEY_verify_init(context.get()) == 1 &&
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
    if (!context || EVP_PKEY_verify_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), mode) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context.get(), digestOf(algorithm)) != 1)
        return false;
    if (padding == RsaPadding::Pss && EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), salt) != 1)
        return false;
    return EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) ==
           1;
}

} // namespace teehost::kit
