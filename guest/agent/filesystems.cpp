// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/filesystems.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/agent/system_call.h"
#include "host/base/unique_fd.h"

namespace teehost::guest {
namespace {

constexpr unsigned long kDataOnly = MS_NOSUID | MS_NODEV | MS_NOEXEC;

void mountAt(const char* source, const char* directory, const char* type, unsigned long flags,
             const char* options)
{
    ::mkdir(directory, 0755); // may exist; if it could not be made, mount says so
    check(::mount(source, directory, type, flags, options), std::string("cannot mount ") + directory);
}

} // namespace

void mountKernelFilesystems()
{
    mountAt("devtmpfs", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755");
    mountAt("proc", "/proc", "proc", kDataOnly, nullptr);
    mountAt("sysfs", "/sys", "sysfs", kDataOnly, nullptr);
}

void mountSecurityfs() { mountAt("securityfs", "/sys/kernel/security", "securityfs", kDataOnly, nullptr); }

void mountConfigfs() { mountAt("configfs", "/sys/kernel/config", "configfs", kDataOnly, nullptr); }

void mountControlGroups() { mountAt("cgroup2", "/sys/fs/cgroup", "cgroup2", kDataOnly, nullptr); }

void mountShare(const char* tag, const char* directory)
{
    // No cache option: what the host wrote before power-on is read once.
    mountAt(tag, directory, "9p", kDataOnly | MS_RDONLY, "trans=virtio,version=9p2000.L");
}

namespace {

std::string readAll(const std::string& path, std::size_t limit, int flags)
{
    const UniqueFd file(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags), "cannot open " + path));
    std::string text;
    char buffer[4096];
    while (text.size() < limit) {
        const auto wanted = std::min(sizeof buffer, limit - text.size());
        const auto got = check(::read(file.get(), buffer, wanted), "cannot read " + path);
        if (got == 0)
            break;
        text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
}

} // namespace

std::string readFile(const std::string& path, std::size_t limit)
{
    // O_NONBLOCK and O_NOFOLLOW: the host may have put a FIFO or a symbolic link there.
    return readAll(path, limit, O_NONBLOCK | O_NOFOLLOW);
}

std::string readKernelFile(const std::string& path, std::size_t limit) { return readAll(path, limit, 0); }

} // namespace teehost::guest
