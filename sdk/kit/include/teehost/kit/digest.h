// SPDX-License-Identifier: Apache-2.0
//
// Digests over OpenSSL's default context. The algorithms are fetched once; a digest of a small input costs
// little more than its blocks. Hasher where the algorithm is known, AnyHasher where the input names it.
#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <string>

#include "teehost/kit/bytes.h"

struct evp_md_ctx_st;
struct evp_md_st;

namespace teehost::kit {

using Sha256Digest = std::array<std::uint8_t, 32>;
using Sha384Digest = std::array<std::uint8_t, 48>;

namespace detail {
struct FreeDigestContext {
    void operator()(evp_md_ctx_st* context) const noexcept;
};
using DigestContext = std::unique_ptr<evp_md_ctx_st, FreeDigestContext>;
} // namespace detail

/// One running digest; reusable after finish(). Not thread-safe.
template <std::size_t Size>
class Hasher {
public:
    using Digest = std::array<std::uint8_t, Size>;

    Hasher();
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;

    void update(ByteView bytes);
    /// The digest of all updates since the last finish().
    [[nodiscard]] Digest finish();
    /// What finish() would give now; the updates go on.
    [[nodiscard]] Digest soFar() const;
    /// The digest of just these bytes.
    [[nodiscard]] Digest of(ByteView bytes)
    {
        update(bytes);
        return finish();
    }

private:
    void start();
    detail::DigestContext context_;
};

using Sha256 = Hasher<32>;
using Sha384 = Hasher<48>;

[[nodiscard]] Sha256Digest sha256(ByteView bytes);
[[nodiscard]] Sha384Digest sha384(ByteView bytes);

enum class HashAlgorithm { Sha1, Sha2_256, Sha2_384, Sha2_512, Sha3_512 };

/// Bytes of a digest.
[[nodiscard]] constexpr std::size_t sizeOf(HashAlgorithm algorithm) noexcept
{
    constexpr std::array<std::size_t, 5> kSizes{20, 32, 48, 64, 64};
    return kSizes[static_cast<std::size_t>(algorithm)];
}
/// "sha256"
[[nodiscard]] std::string_view nameOf(HashAlgorithm algorithm) noexcept;

/// A digest of any algorithm, kept in place.
class AnyDigest {
public:
    AnyDigest() = default;
    /// Of at most 64 bytes; what is longer throws std::length_error.
    explicit AnyDigest(ByteView bytes);
    /// `size` bytes of `value`.
    static AnyDigest filled(std::size_t size, std::uint8_t value);

    [[nodiscard]] ByteView view() const noexcept { return ByteView(bytes_).first(size_); }
    [[nodiscard]] std::span<std::uint8_t> writable() noexcept { return std::span(bytes_).first(size_); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    std::array<std::uint8_t, 64> bytes_{};
    std::size_t size_ = 0;
};

/// As Hasher, with the algorithm as an argument. Not thread-safe.
class AnyHasher {
public:
    explicit AnyHasher(HashAlgorithm algorithm);
    AnyHasher(const AnyHasher&) = delete;
    AnyHasher& operator=(const AnyHasher&) = delete;

    void update(ByteView bytes);
    [[nodiscard]] AnyDigest finish();
    [[nodiscard]] AnyDigest of(ByteView bytes)
    {
        update(bytes);
        return finish();
    }
    [[nodiscard]] HashAlgorithm algorithm() const noexcept { return algorithm_; }

private:
    HashAlgorithm algorithm_;
    detail::DigestContext context_;
};

[[nodiscard]] AnyDigest hash(HashAlgorithm algorithm, ByteView bytes);

} // namespace teehost::kit
