// SPDX-License-Identifier: Apache-2.0
#include "host/base/own_file.h"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/base/unique_fd.h"
#include "host/base/write_all.h"

namespace teehost {
namespace {

Error unusable(const std::filesystem::path& path, const std::string& why)
{
    return Error(Category::FailedPrecondition, "the file \"" + printable(path.string()) + "\" " + why,
                 "put it right, or move it away");
}

/// Makes the new name survive a power cut. Some file systems cannot sync a directory; the file is there
/// anyway.
void syncDirectory(const std::filesystem::path& directory)
{
    const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd)
        ::fsync(fd.get());
}

} // namespace

std::optional<std::string> readOwnFile(const std::filesystem::path& path, std::size_t limit)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!fd && errno == ENOENT)
        return std::nullopt;
    if (!fd)
        throw systemError(Category::FailedPrecondition, "cannot open \"" + printable(path.string()) + "\"",
                          errno, "check the file and its directory");
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
        throw unusable(path, "is not a regular file");
    if (status.st_uid != ::geteuid())
        throw unusable(path, "belongs to another user");
    std::string content(limit + 1, '\0');
    std::size_t have = 0;
    while (have < content.size()) {
        const auto got = ::read(fd.get(), content.data() + have, content.size() - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw systemError(Category::FailedPrecondition,
                              "cannot read \"" + printable(path.string()) + "\"", errno);
        if (got == 0)
            break;
        have += static_cast<std::size_t>(got);
    }
    if (have > limit)
        throw unusable(path, "has more than " + formatSize(limit));
    content.resize(have);
    return content;
}

void replaceOwnFile(const std::filesystem::path& path, std::string_view content, Durability durability)
{
    const bool synced = durability == Durability::SurvivesPowerCut;
    std::string temporary = path.string() + ".XXXXXX";
    const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC)); // mode 0600
    const std::string what = "\"" + printable(path.string()) + "\"";
    if (!fd)
        throw systemError(Category::Unavailable, "cannot make a file beside " + what, errno,
                          "check the directory, and that the disk has room");
    const bool written = writeAll(fd.get(), content) && (!synced || ::fsync(fd.get()) == 0) &&
                         ::rename(temporary.c_str(), path.c_str()) == 0;
    const int error = errno;
    if (!written) {
        ::unlink(temporary.c_str());
        throw systemError(Category::Unavailable, "cannot write " + what, error,
                          "check that the disk has room");
    }
    if (synced)
        syncDirectory(path.parent_path());
}

} // namespace teehost
