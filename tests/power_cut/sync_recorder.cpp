// SPDX-License-Identifier: Apache-2.0
//
// fsync(2) and fdatasync(2) in the place of the C library's. Each does what it is asked, and copies what the
// file holds then into the directory that TEEHOST_SYNCED names, named for the file and the directory it is
// in: "state.teehost.db". Without that variable nothing is copied; a copy that cannot be made fails the call,
// so that nobody relies on it.
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

/// Read through the descriptor that is there: to close another one of the same file would give up the locks
/// that the process holds on it (fcntl(2)).
bool copyTo(int to, int from)
{
    std::array<char, 1 << 16> block{};
    for (off_t at = 0;;) {
        const ssize_t got = ::pread(from, block.data(), block.size(), at);
        if (got <= 0)
            return got == 0;
        if (::write(to, block.data(), static_cast<std::size_t>(got)) != got)
            return false;
        at += got;
    }
}

bool record(int fd)
{
    const char* directory = std::getenv("TEEHOST_SYNCED");
    struct stat status {};
    if (directory == nullptr || ::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return true;
    std::array<char, 4096> path{};
    const auto size =
        ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size() - 1);
    if (size <= 0)
        return false;
    std::string name(path.data(), static_cast<std::size_t>(size));
    name.replace(name.rfind('/'), 1, ".");
    const std::string copy = std::string(directory) + "/" + name.substr(name.rfind('/') + 1);
    const std::string part = copy + ".part";
    const int to = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool copied = to >= 0 && copyTo(to, fd) && ::rename(part.c_str(), copy.c_str()) == 0;
    if (to >= 0)
        ::close(to);
    return copied;
}

int synced(long call, int fd)
{
    const auto result = static_cast<int>(::syscall(call, fd));
    if (result == 0 && !record(fd)) {
        errno = EIO;
        return -1;
    }
    return result;
}

} // namespace

extern "C" int fsync(int fd) { return synced(SYS_fsync, fd); }
extern "C" int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }
