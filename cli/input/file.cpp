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

std::string sizeText(std::size_t bytes)
{
    constexpr std::size_t kMiB = 1u << 20;
    return bytes < kMiB ? std::to_string(bytes >> 10) + " KiB" : std::to_string(bytes >> 20) + " MiB";
}

std::string readAll(int fd, const std::filesystem::path& path, std::string_view option, std::size_t limit)
{
    std::string content;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            refuse(option, path, errnoText());
        if (got == 0)
            return content;
        content.append(buffer.data(), static_cast<std::size_t>(got));
        if (content.size() > limit)
            refuse(option, path, "it is larger than " + sizeText(limit));
    }
}

std::string readFile(const std::filesystem::path& path, std::string_view option, std::size_t limit)
{
    const OpenFile file(path);
    if (file.fd() < 0)
        refuse(option, path, errnoText());
    return readAll(file.fd(), path, option, limit);
}

} // namespace

std::string readSmallFile(const std::filesystem::path& path, std::string_view option)
{
    return readFile(path, option, kMaxSmallFileBytes);
}

std::string readFileOrInput(const std::filesystem::path& path, std::string_view option, std::size_t limit)
{
    return path == "-" ? readAll(STDIN_FILENO, "standard input", option, limit)
                       : readFile(path, option, limit);
}

} // namespace teehost::cli
