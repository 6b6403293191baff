// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/trust.h"

#include <algorithm>
#include <memory>

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::plugin {

namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

std::string quoted(const std::string& path) { return "\"" + printable(path) + "\""; }

struct stat statusOf(int fd, const std::string& path)
{
    struct stat status {};
    if (::fstat(fd, &status) != 0)
        throw systemError(Category::Internal, "cannot read the status of " + quoted(path), errno);
    return status;
}

/// A directory in which others may make entries, but not touch ours: /tmp.
bool isStickyOfRoot(const struct stat& status) noexcept
{
    return S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0 && status.st_uid == 0;
}

void expectTrusted(const struct stat& status, const std::string& path, const TrustPolicy& policy)
{
    if (status.st_uid != 0 && !(policy.allowOwn && status.st_uid == ::geteuid()))
        throw Error(Category::PermissionDenied,
                    quoted(path) + " belongs to user " + std::to_string(status.st_uid) +
                        (policy.allowOwn ? ", neither root nor the daemon's own" : ", not to root"),
                    "chown root " + shellQuoted(path));
    const bool others_write =
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0; // with an ACL, the group bits are its mask
    if (others_write && !(policy.allowOwn && isStickyOfRoot(status)))
        throw Error(Category::PermissionDenied, quoted(path) + " can be written by its group or by others",
                    "chmod go-w " + shellQuoted(path));
}

std::vector<std::string> components(const std::string& path)
{
    if (path.empty() || path[0] != '/')
        throw InvalidArgument("plugin directory " + quoted(path) + " is not absolute");
    std::vector<std::string> parts = split(path, '/');
    parts.erase(std::remove(parts.begin(), parts.end(), std::string()), parts.end());
    for (const std::string& part : parts)
        if (part == "." || part == "..")
            throw InvalidArgument("plugin directory " + quoted(path) + " has \"" + part + "\" in it");
    return parts;
}

UniqueFd stepInto(const UniqueFd& parent, const std::string& name, const std::string& path)
{
    UniqueFd fd(::openat(parent.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd)
        throw systemError(errno == ENOENT ? Category::NotFound : Category::PermissionDenied,
                          "cannot open " + quoted(path), errno);
    const struct stat status = statusOf(fd.get(), path);
    if (S_ISLNK(status.st_mode))
        throw Error(Category::PermissionDenied, quoted(path) + " is a symbolic link, which is not followed",
                    "name the directory it points to");
    if (!S_ISDIR(status.st_mode))
        throw Error(Category::FailedPrecondition, quoted(path) + " is not a directory");
    return fd;
}

bool isRunningProgram(const struct stat& status)
{
    struct stat program {};
    return ::stat("/proc/self/exe", &program) == 0 && program.st_dev == status.st_dev &&
           program.st_ino == status.st_ino;
}

} // namespace

TrustedDirectory openTrustedDirectory(const std::string& path, const TrustPolicy& policy)
{
    const std::vector<std::string> parts = components(path);
    UniqueFd fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::string walked = "/";
    expectTrusted(statusOf(fd.get(), walked), walked, policy);
    for (const std::string& part : parts) {
        if (walked != "/")
            walked += '/';
        walked += part;
        fd = stepInto(fd, part, walked);
        expectTrusted(statusOf(fd.get(), walked), walked, policy);
    }
    // Entries of the last directory are taken by whatever name they have: there, a file that somebody else
    // has put (a hard link to an old library of ours, say) would be loaded. So sticky is not enough for it.
    if ((statusOf(fd.get(), walked).st_mode & (S_IWGRP | S_IWOTH)) != 0)
        throw Error(Category::PermissionDenied, quoted(walked) + " can be written by its group or by others",
                    "keep plugins in a directory of their own");
    return {std::move(fd), walked};
}

std::vector<std::string> listLibraries(const TrustedDirectory& directory)
{
    UniqueFd readable(::openat(directory.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, CloseDirectory> entries(readable ? ::fdopendir(readable.get()) : nullptr);
    if (!entries)
        throw systemError(Category::PermissionDenied, "cannot list " + quoted(directory.path), errno);
    (void)readable.release(); // closedir closes it
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(entries.get()))
        if (std::string_view(entry->d_name).ends_with(".so"))
            names.emplace_back(entry->d_name);
    std::sort(names.begin(), names.end());
    return names;
}

TrustedFile openTrustedFile(const TrustedDirectory& directory, const std::string& name,
                            const TrustPolicy& policy)
{
    const std::string path = directory.path == "/" ? "/" + name : directory.path + "/" + name;
    struct stat before {};
    if (::fstatat(directory.fd.get(), name.c_str(), &before, AT_SYMLINK_NOFOLLOW) != 0)
        throw systemError(Category::NotFound, "cannot read the status of " + quoted(path), errno);
    if (S_ISLNK(before.st_mode))
        throw Error(Category::PermissionDenied, "it is a symbolic link, which is not followed",
                    "install the file itself in the plugin directory");
    if (!S_ISREG(before.st_mode)) // asked before opening: to open a device or a FIFO can have effects
        throw Error(Category::FailedPrecondition, "it is not a regular file");

    UniqueFd fd(::openat(directory.fd.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd)
        throw systemError(Category::PermissionDenied, "cannot open " + quoted(path), errno);
    const struct stat status = statusOf(fd.get(), path);
    if (!S_ISREG(status.st_mode))
        throw Error(Category::FailedPrecondition, "it is not a regular file");
    expectTrusted(status, path, policy);
    if (isRunningProgram(status))
        throw Error(Category::FailedPrecondition, "it is the running program itself, not a plugin");
    return {std::move(fd), path};
}

} // namespace teehost::plugin
