// SPDX-License-Identifier: Apache-2.0
#include "host/launch/host_dirs.h"

#include <cerrno>

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::launch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kVmIdBytes = 36;                                   // a UUID as text
constexpr std::size_t kMaxSocketPath = sizeof sockaddr_un::sun_path - 1; // unix(7)

[[noreturn]] void fail(const std::string& what, const fs::path& path, const std::string& hint = {})
{
    throw systemError(Category::FailedPrecondition, what + " \"" + printable(path.string()) + "\"", errno,
                      hint);
}

void requirePrivate(const fs::path& path)
{
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        fail("cannot look at", path);
    const std::string subject = "the directory \"" + printable(path.string()) + "\"";
    if (S_ISLNK(status.st_mode))
        throw Error(Category::FailedPrecondition, subject + " is a symbolic link", "name the real directory");
    if (!S_ISDIR(status.st_mode))
        throw Error(Category::FailedPrecondition, subject + " is not a directory");
    if (status.st_uid != ::geteuid())
        throw Error(Category::FailedPrecondition,
                    subject + " belongs to uid " + std::to_string(status.st_uid),
                    "give it to the user the daemon runs as");
    if ((status.st_mode & 0022) != 0)
        throw Error(Category::FailedPrecondition, subject + " can be written by others",
                    "chmod go-w " + path.string());
}

void makePrivateTree(const fs::path& path, mode_t mode)
{
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        fail("cannot make the directory", path);
    requirePrivate(path);
    if (::chmod(path.c_str(), mode) != 0)
        fail("cannot set the mode of", path);
}

/// The nearest directory above `path` that is there.
fs::path standing(fs::path path)
{
    std::error_code ignored;
    while (path.has_relative_path() && !fs::exists(fs::symlink_status(path, ignored)))
        path = path.parent_path();
    return path;
}

void requireMakable(const fs::path& path)
{
    const auto above = standing(path);
    if (above == path)
        return requirePrivate(path);
    std::error_code ignored;
    if (!fs::is_directory(above, ignored))
        throw Error(Category::FailedPrecondition, "cannot make the directory \"" + printable(path.string()) +
                                                      "\": \"" + printable(above.string()) +
                                                      "\" is not a directory");
    if (::access(above.c_str(), W_OK | X_OK) != 0)
        fail("cannot make the directory \"" + printable(path.string()) + "\" in", above,
             "make it, and give it to the user the daemon runs as");
}

} // namespace

void prepareHostDirs(const HostDirs& dirs, bool passable)
{
    const mode_t mode = passable ? 0711 : 0700;
    for (const auto& path : {dirs.state, dirs.runtime, dirs.log, dirs.state / "vm", dirs.runtime / "vm"})
        makePrivateTree(path, mode);
}

void checkHostDirs(const HostDirs& dirs, settings::Findings& findings)
{
    for (const auto& path : {dirs.state, dirs.runtime, dirs.log, dirs.state / "vm", dirs.runtime / "vm"})
        findings.gather([&] { requireMakable(path); });
}

void checkSocketRoom(const HostDirs& dirs, std::string_view longestName, settings::Findings& findings)
{
    const std::size_t below = std::string_view("/vm/").size() + kVmIdBytes + 1 + longestName.size();
    const std::size_t needed = dirs.runtime.string().size() + below;
    if (needed <= kMaxSocketPath)
        return;
    findings.refuse(
        Error(Category::FailedPrecondition,
              "runtime.dir=" + printable(dirs.runtime.string()) + " is too long: the socket \"" +
                  std::string(longestName) + "\" of a VM would have a path of " + std::to_string(needed) +
                  " bytes, and " + std::to_string(kMaxSocketPath) + " is the most",
              "choose a runtime.dir of at most " + std::to_string(kMaxSocketPath - below) + " bytes"),
        "runtime.dir");
}

} // namespace teehost::launch
