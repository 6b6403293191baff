// SPDX-License-Identifier: Apache-2.0
//
// A file that appears under its name complete and with its final mode, or not at all.
#pragma once

#include <filesystem>
#include <string_view>

#include <sys/types.h>

namespace teehost::cli {

class NewFile {
public:
    /// Writes `content` to a temporary file beside `path`, created exclusively with `mode` (never wider, not
    /// even for a moment) and synced to the disk. Throws Failure.
    NewFile(std::filesystem::path path, mode_t mode, std::string_view content);
    /// Removes the temporary file.
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    /// Gives it its name; throws Failure when something has that name already.
    void publish();
    /// Gives it its name, whatever had it before.
    void replace();
    /// Takes the name away again; only after publish().
    void withdraw() noexcept;

private:
    void write(std::string_view content, mode_t mode) const;

    std::filesystem::path path_;
    std::filesystem::path temporary_;
};

/// Throws Failure when `path` exists, even as a dangling link.
void expectAbsent(const std::filesystem::path& path);

} // namespace teehost::cli
