// SPDX-License-Identifier: Apache-2.0
#include "cli/input/file.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "cli/failure.h"

namespace teehost::cli {
namespace {

class OpenFile {
public:
    explicit OpenFile(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~OpenFile()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

[[noreturn]] void refuse(std::string_view option, const std::filesystem::path& path, const std::string& why)
{
    throw UsageFailure(std::string(option) + ": cannot read \"" + path.string() + "\": " + why);
}

std::string errnoText() { return std::generic_category().message(errno); }

} // namespace

std::string readSmallFile(const std::filesystem::path& path, std::string_view option)
{
    const OpenFile file(path);
    if (file.fd() < 0)
        refuse(option, path, errnoText());
    std::string content;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got = ::read(file.fd(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            refuse(option, path, errnoText());
        if (got == 0)
            return content;
        content.append(buffer.data(), static_cast<std::size_t>(got));
        if (content.size() > kMaxSmallFileBytes)
            refuse(option, path, "it is larger than 1 MiB");
    }
}

} // namespace teehost::cli
