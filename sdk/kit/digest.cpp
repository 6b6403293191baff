// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/digest.h"

#include <algorithm>
#include <new>
#include <stdexcept>

#include <openssl/evp.h>

namespace teehost::kit {
namespace {

constexpr std::array kNames{"SHA1", "SHA256", "SHA384", "SHA512", "SHA3-512"};

// Fetching by name costs more than hashing a page, so it happens once; OpenSSL frees it at exit with its
// context.
template <HashAlgorithm Algorithm>
const EVP_MD* fetched()
{
    static const EVP_MD* const md =
        EVP_MD_fetch(nullptr, kNames[static_cast<std::size_t>(Algorithm)], nullptr);
    if (md == nullptr)
        throw std::runtime_error(std::string("OpenSSL has no ") +
                                 kNames[static_cast<std::size_t>(Algorithm)] +
                                 ": its default provider is not loaded");
    return md;
}

const EVP_MD* fetched(HashAlgorithm algorithm)
{
    switch (algorithm) {
    case HashAlgorithm::Sha1:
        return fetched<HashAlgorithm::Sha1>();
    case HashAlgorithm::Sha2_256:
        return fetched<HashAlgorithm::Sha2_256>();
    case HashAlgorithm::Sha2_384:
        return fetched<HashAlgorithm::Sha2_384>();
    case HashAlgorithm::Sha2_512:
        return fetched<HashAlgorithm::Sha2_512>();
    case HashAlgorithm::Sha3_512:
        return fetched<HashAlgorithm::Sha3_512>();
    }
    throw std::invalid_argument("no such hash algorithm");
}

template <std::size_t Size>
const EVP_MD* algorithm()
{
    return fetched < Size == 32 ? HashAlgorithm::Sha2_256 : HashAlgorithm::Sha2_384 > ();
}

void expect(int result)
{
    if (result != 1)
        throw std::runtime_error("OpenSSL cannot compute a digest");
}

detail::DigestContext newContext()
{
    detail::DigestContext context(EVP_MD_CTX_new());
    if (!context)
        throw std::bad_alloc();
    return context;
}

} // namespace

void detail::FreeDigestContext::operator()(evp_md_ctx_st* context) const noexcept
{
    EVP_MD_CTX_free(context);
}

template <std::size_t Size>
Hasher<Size>::Hasher() : context_(newContext())
{
    start();
}

template <std::size_t Size>
void Hasher<Size>::start()
{
    expect(EVP_DigestInit_ex2(context_.get(), algorithm<Size>(), nullptr));
}

template <std::size_t Size>
void Hasher<Size>::update(ByteView bytes)
{
    expect(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

template <std::size_t Size>
typename Hasher<Size>::Digest Hasher<Size>::finish()
{
    Digest digest;
    unsigned length = 0;
    expect(EVP_DigestFinal_ex(context_.get(), digest.data(), &length));
    start();
    return digest;
}

template <std::size_t Size>
typename Hasher<Size>::Digest Hasher<Size>::soFar() const
{
    const detail::DigestContext copy = newContext();
    expect(EVP_MD_CTX_copy_ex(copy.get(), context_.get()));
    Digest digest;
    unsigned length = 0;
    expect(EVP_DigestFinal_ex(copy.get(), digest.data(), &length));
    return digest;
}

template class Hasher<32>;
template class Hasher<48>;

Sha256Digest sha256(ByteView bytes) { return Sha256().of(bytes); }
Sha384Digest sha384(ByteView bytes) { return Sha384().of(bytes); }

std::string_view nameOf(HashAlgorithm algorithm) noexcept
{
    constexpr std::array<std::string_view, 5> kWords{"sha1", "sha256", "sha384", "sha512", "sha3-512"};
    return kWords[static_cast<std::size_t>(algorithm)];
}

AnyDigest::AnyDigest(ByteView bytes) : size_(bytes.size())
{
    if (size_ > bytes_.size())
        throw std::length_error("a digest of more than 64 bytes");
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

AnyDigest AnyDigest::filled(std::size_t size, std::uint8_t value)
{
    AnyDigest digest;
    digest.size_ = std::min(size, digest.bytes_.size());
    std::fill_n(digest.bytes_.begin(), digest.size_, value);
    return digest;
}

AnyHasher::AnyHasher(HashAlgorithm algorithm) : algorithm_(algorithm), context_(newContext())
{
    expect(EVP_DigestInit_ex2(context_.get(), fetched(algorithm), nullptr));
}

void AnyHasher::update(ByteView bytes)
{
    expect(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

AnyDigest AnyHasher::finish()
{
    AnyDigest digest = AnyDigest::filled(sizeOf(algorithm_), 0);
    unsigned length = 0;
    expect(EVP_DigestFinal_ex(context_.get(), digest.writable().data(), &length));
    expect(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr));
    return digest;
}

AnyDigest hash(HashAlgorithm algorithm, ByteView bytes) { return AnyHasher(algorithm).of(bytes); }

} // namespace teehost::kit
