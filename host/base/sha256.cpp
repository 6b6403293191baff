// SPDX-License-Identifier: Apache-2.0
#include "host/base/sha256.h"

#include <array>
#include <cerrno>

#include <unistd.h>

#include <openssl/evp.h>

#include "host/base/error.h"
#include "host/base/free_with.h"
#include "host/base/text.h"

namespace teehost {

struct Sha256::Context {
    std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> evp{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>())
{
    if (!context_->evp || EVP_DigestInit_ex(context_->evp.get(), EVP_sha256(), nullptr) != 1)
        throw Error(Category::Internal, "SHA-256 is not available from OpenSSL");
}

Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes)
{
    if (EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) != 1)
        throw Error(Category::Internal, "OpenSSL cannot compute SHA-256");
}

std::vector<std::uint8_t> Sha256::finish()
{
    std::vector<std::uint8_t> digest(static_cast<std::size_t>(EVP_MD_get_size(EVP_sha256())));
    if (EVP_DigestFinal_ex(context_->evp.get(), digest.data(), nullptr) != 1)
        throw Error(Category::Internal, "OpenSSL cannot compute SHA-256");
    return digest;
}

std::vector<std::uint8_t> sha256(std::string_view bytes)
{
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

std::vector<std::uint8_t> sha256OfFile(int fd, const std::string& path)
{
    Sha256 hash;
    std::array<char, 1u << 16> buffer;
    off_t offset = 0;
    for (;;) {
        const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw systemError(Category::FailedPrecondition, "cannot read \"" + printable(path) + "\"", errno);
        if (got == 0)
            return hash.finish();
        hash.update({buffer.data(), static_cast<std::size_t>(got)});
        offset += got;
    }
}

} // namespace teehost
