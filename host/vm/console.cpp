// SPDX-License-Identifier: Apache-2.0
#include "host/vm/console.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/text.h"
#include "host/base/unique_fd.h"

namespace teehost::vm {
namespace {

constexpr std::size_t kMaxShownLine = 200;
constexpr std::size_t kTailBytes = 8192;

} // namespace

std::string readFileAt(const std::filesystem::path& path, std::uint64_t offset, std::size_t limit)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    std::string bytes(fd ? limit : 0, '\0');
    const auto got = ::pread(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

std::uint64_t fileSize(const std::filesystem::path& path) noexcept
{
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::uint64_t rotateLog(const std::filesystem::path& path, std::uint64_t limit)
{
    if (fileSize(path) <= limit)
        return 0;
    std::filesystem::path older = path;
    older += ".1";
    // What the guest writes between the copy and the truncation is lost; a flood is what rotation is for. At
    // most twice the limit is kept, whatever the guest wrote since the last look.
    const std::uint64_t size = fileSize(path);
    const std::string kept = readFileAt(path, size > limit ? size - limit : 0, limit);
    const UniqueFd to(::open(older.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!to || ::write(to.get(), kept.data(), kept.size()) < 0 || ::truncate(path.c_str(), 0) != 0)
        return 0;
    return size;
}

std::string tail(const std::filesystem::path& path, std::size_t limit)
{
    const auto size = fileSize(path);
    return readFileAt(path, size > limit ? size - limit : 0, limit);
}

std::string lastLines(const std::filesystem::path& path, std::size_t lines)
{
    auto all = split(tail(path, kTailBytes), '\n');
    if (all.size() > lines)
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(lines));
    for (auto& line : all)
        line = printable(line.substr(0, kMaxShownLine));
    return join(all, "\n");
}

} // namespace teehost::vm
