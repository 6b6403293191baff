// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "host/base/unique_fd.h"

struct evp_md_ctx_st;

namespace teehost::guest {

/// The open file of an upload. The workplace closes it when it forgets all files: a file that is open keeps
/// the memory of the file system that it lies in.
struct UploadFile {
    std::mutex mutex;
    UniqueFd fd; ///< guarded by the mutex
};

/// A file on its way from a client: written as it comes, with its digest. It goes away unless it is moved to
/// its place.
class Upload {
public:
    /// A file in `directory`; `what` is for messages, such as "the algorithm". Throws Refusal.
    Upload(const std::filesystem::path& directory, std::string what, std::uint64_t limit);
    Upload(Upload&& other) noexcept;
    Upload& operator=(Upload&&) = delete;
    ~Upload();

    /// Throws Refusal past the limit, when there is no more room, and when the file was closed meanwhile.
    void append(std::string_view bytes);

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    /// The descriptor, for reading the file before it is moved. The caller sees to it that the workplace does
    /// not close it meanwhile.
    [[nodiscard]] int file() const noexcept { return file_->fd.get(); }
    [[nodiscard]] const std::shared_ptr<UploadFile>& shared() const noexcept { return file_; }
    /// SHA3-256 of what was appended.
    [[nodiscard]] std::string hash() const;
    /// Throws Refusal when there is a file of that name.
    void moveTo(const std::filesystem::path& place, std::filesystem::perms permissions);

private:
    std::string what_;
    std::uint64_t limit_, size_ = 0;
    std::string path_; ///< empty: moved
    std::shared_ptr<UploadFile> file_;
    std::shared_ptr<evp_md_ctx_st> digest_; ///< shared for its deleter: it has one owner
};

} // namespace teehost::guest
