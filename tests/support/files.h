// SPDX-License-Identifier: Apache-2.0
//
// Files of a test: a directory that goes away with it, and short ways to read and write.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace teehost::test {

/// A new directory below the build tree. Its path is short, because UNIX socket paths end at 107 bytes
/// (unix(7)). Removed at the end, unless TEEHOST_TEST_KEEP is in the environment.
class ScratchDir {
public:
    ScratchDir();
    ScratchDir(const ScratchDir&) = delete;
    ScratchDir& operator=(const ScratchDir&) = delete;
    ~ScratchDir();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// The whole content; empty when there is no such file.
[[nodiscard]] std::string readFile(const std::filesystem::path& path);
void writeFile(const std::filesystem::path& path, std::string_view content, mode_t mode = 0644);

/// Permission bits of the file itself, not of what a link points to.
[[nodiscard]] mode_t modeOf(const std::filesystem::path& path);

/// Lower-case hex.
[[nodiscard]] std::string sha256(std::string_view bytes);

} // namespace teehost::test
