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

/// Opens a log for what `flags` say. QEMU may be somebody else's by now: what it put in the log's place, a
/// symlink, a pipe, a device, is not opened.
UniqueFd openLog(const std::filesystem::path& path, int flags)
{
    UniqueFd fd(::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status {};
    if (fd && (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)))
        fd.reset();
    return fd;
}

std::uint64_t sizeOf(const UniqueFd& fd)
{
    struct stat status {};
    return fd && ::fstat(fd.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::string readAt(const UniqueFd& fd, std::uint64_t offset, std::size_t limit)
{
    const auto size = sizeOf(fd);
    std::string bytes(offset < size ? std::min<std::uint64_t>(limit, size - offset) : 0, '\0');
    const auto got =
        bytes.empty() ? 0 : ::pread(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

} // namespace

std::string readFileAt(const std::filesystem::path& path, std::uint64_t offset, std::size_t limit)
{
    return readAt(openLog(path, O_RDONLY), offset, limit);
}

std::uint64_t fileSize(const std::filesystem::path& path) noexcept { return sizeOf(openLog(path, O_RDONLY)); }

std::uint64_t rotateLog(const std::filesystem::path& path, std::uint64_t limit)
{
    const UniqueFd log = openLog(path, O_RDWR);
    const std::uint64_t size = sizeOf(log);
    if (size <= limit)
        return 0;
    std::filesystem::path older = path;
    older += ".1";
    // What the guest writes between the copy and the truncation is lost; a flood is what rotation is for. At
    // most twice the limit is kept, whatever the guest wrote since the last look.
    const std::string kept = readAt(log, size - limit, limit);
    ::unlink(older.c_str());
    const UniqueFd to(::open(older.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!to || ::write(to.get(), kept.data(), kept.size()) < 0 || ::ftruncate(log.get(), 0) != 0)
        return 0;
    return size;
}

std::string tail(const std::filesystem::path& path, std::size_t limit)
{
    const auto size = fileSize(path);
    return readFileAt(path, size > limit ? size - limit : 0, limit);
}

namespace {

/// The end of the log, and of what rotation has moved away when the log itself is short: NAME.1.
std::vector<std::string> linesAtEnd(const std::filesystem::path& path)
{
    std::string text = tail(path, kTailBytes);
    if (text.size() < kTailBytes) {
        std::filesystem::path older = path;
        older += ".1";
        text = tail(older, kTailBytes - text.size()) + text;
    }
    auto lines = split(text, '\n');
    std::erase_if(lines, [](const std::string& line) { return trim(line).empty(); });
    return lines;
}

} // namespace

std::string lastLines(const std::filesystem::path& path, std::size_t lines)
{
    auto all = linesAtEnd(path);
    if (all.size() > lines)
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(lines));
    for (auto& line : all)
        line = printable(line.substr(0, kMaxShownLine));
    return join(all, "\n");
}

std::string lastWords(const std::filesystem::path& path, std::size_t lines)
{
    // What follows a panic is registers and a stack; the reason stands before them.
    for (const auto& line : linesAtEnd(path))
        if (line.find("Kernel panic") != std::string::npos &&
            line.find("end Kernel panic") == std::string::npos)
            return printable(line.substr(0, kMaxShownLine));
    return lastLines(path, lines);
}

std::string consoleSays(const std::filesystem::path& path, std::size_t lines)
{
    const auto words = lastWords(path, lines);
    return words.empty() ? "; its console is empty" : "; the console says:\n" + words;
}

} // namespace teehost::vm
