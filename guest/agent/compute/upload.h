// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/unique_fd.h"

struct evp_md_ctx_st;

namespace teehost::guest {

/// A file on its way from a client: written as it comes, with its digest. It goes away unless it is moved to
/// its place.
class Upload {
public:
    /// A file in `directory`; `what` is for messages, such as "the algorithm". Throws Refusal.
    Upload(const std::filesystem::path& directory, std::string what, std::uint64_t limit);
    Upload(Upload&& other) noexcept;
    Upload& operator=(Upload&&) = delete;
    ~Upload();

    /// Throws Refusal past the limit, and when there is no more room.
    void append(std::string_view bytes);

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    /// For whoever reads it before it is moved.
    [[nodiscard]] int file() const noexcept { return file_.get(); }
    /// SHA3-256 of what was appended.
    [[nodiscard]] std::string hash() const;
    /// Throws Refusal when there is a file of that name.
    void moveTo(const std::filesystem::path& place, std::filesystem::perms permissions);

private:
    std::string what_;
    std::uint64_t limit_, size_ = 0;
    std::string path_; ///< empty: moved
    UniqueFd file_;
    std::shared_ptr<evp_md_ctx_st> digest_; ///< shared for its deleter: it has one owner
};

} // namespace teehost::guest
