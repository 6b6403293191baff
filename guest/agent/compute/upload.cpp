// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/upload.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "guest/agent/compute/memory_share.h"
#include "guest/agent/compute/refusal.h"

namespace teehost::guest {
namespace {

constexpr std::size_t kHashBytes = 32;

std::string sizeText(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

[[noreturn]] void refuse(const std::string& what, const std::string& reason)
{
    const auto kind = errno == ENOSPC ? Refusal::Kind::Room : Refusal::Kind::State;
    throw Refusal(
        kind,
        what + " cannot be kept: " + reason +
            (errno == ENOSPC ? "; all files of a computation may have " + wordsOfShare(kShareOfMemory) : ""));
}

/// Throws when the workplace has closed the file.
void requireOpen(const UploadFile& file, const std::string& what)
{
    if (!file.fd)
        throw Refusal(Refusal::Kind::State, what + " cannot be kept: the computation ended meanwhile");
}

} // namespace

Upload::Upload(const std::filesystem::path& directory, std::string what, std::uint64_t limit)
    : what_(std::move(what)), limit_(limit), path_(directory / "upload-XXXXXX"),
      file_(std::make_shared<UploadFile>()), digest_(EVP_MD_CTX_new(), EVP_MD_CTX_free)
{
    file_->fd.reset(::mkostemp(path_.data(), O_CLOEXEC));
    if (!file_->fd) {
        path_.clear();
        refuse(what_, std::strerror(errno));
    }
    if (!digest_ || EVP_DigestInit_ex(digest_.get(), EVP_sha3_256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA3-256");
}

Upload::Upload(Upload&& other) noexcept
    : what_(std::move(other.what_)), limit_(other.limit_), size_(other.size_),
      path_(std::exchange(other.path_, {})), file_(std::move(other.file_)), digest_(std::move(other.digest_))
{
}

Upload::~Upload()
{
    if (!file_)
        return; // moved from
    const std::lock_guard lock(file_->mutex);
    if (!path_.empty() && file_->fd)
        ::unlink(path_.c_str());
    file_->fd.reset();
}

void Upload::append(std::string_view bytes)
{
    if (bytes.size() > limit_ - size_)
        throw Refusal(Refusal::Kind::Room, what_ + " may have at most " + sizeText(limit_));
    EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size());
    size_ += bytes.size();
    const std::lock_guard lock(file_->mutex);
    requireOpen(*file_, what_);
    while (!bytes.empty()) {
        const auto written = ::write(file_->fd.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            refuse(what_, std::strerror(errno));
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string Upload::hash() const
{
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> copy(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::string out(kHashBytes, '\0');
    if (!copy || EVP_MD_CTX_copy_ex(copy.get(), digest_.get()) != 1 ||
        EVP_DigestFinal_ex(copy.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr) != 1)
        throw std::runtime_error("OpenSSL cannot finish a SHA3-256");
    return out;
}

void Upload::moveTo(const std::filesystem::path& place, std::filesystem::perms permissions)
{
    const std::lock_guard lock(file_->mutex);
    requireOpen(*file_, what_);
    if (::fchmod(file_->fd.get(), static_cast<mode_t>(permissions)) < 0 ||
        ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, place.c_str(), RENAME_NOREPLACE) < 0)
        refuse(what_, std::strerror(errno));
    path_.clear();
    file_->fd.reset(); // a program that is open for writing cannot be executed
}

} // namespace teehost::guest
