// SPDX-License-Identifier: Apache-2.0
#include "cli/keys/new_file.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/failure.h"
#include "host/base/write_all.h"

namespace teehost::cli {
namespace {

[[noreturn]] void fileFailure(const char* what, const std::filesystem::path& path, int error)
{
    throw Failure(ExitCode::Failed, std::string("cannot ") + what + " \"" + path.string() +
                                        "\": " + std::generic_category().message(error));
}

[[noreturn]] void alreadyThere(const std::filesystem::path& path)
{
    throw Failure(ExitCode::Failed, "\"" + path.string() + "\" exists already",
                  "choose another --directory, or replace it with --force");
}

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

/// Makes the new name survive a power failure. Some file systems cannot sync a directory; the file is there
/// anyway.
void syncDirectoryOf(const std::filesystem::path& path)
{
    const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() >= 0)
        ::fsync(fd.get());
}

} // namespace

NewFile::NewFile(std::filesystem::path path, mode_t mode, std::string_view content)
    : path_(std::move(path)), temporary_(path_.string() + ".new-" + std::to_string(::getpid()))
{
    try {
        write(content, mode);
    } catch (...) {
        ::unlink(temporary_.c_str());
        throw;
    }
}

NewFile::~NewFile()
{
    if (!temporary_.empty())
        ::unlink(temporary_.c_str());
}

void NewFile::write(std::string_view content, mode_t mode) const
{
    const Descriptor fd(
        ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (fd.get() < 0)
        fileFailure("create", temporary_, errno);
    // The umask may have taken bits away from `mode`; it cannot have added any.
    if (::fchmod(fd.get(), mode) != 0)
        fileFailure("set the mode of", temporary_, errno);
    if (!writeAll(fd.get(), content))
        fileFailure("write", temporary_, errno);
    if (::fsync(fd.get()) != 0)
        fileFailure("sync", temporary_, errno);
}

void NewFile::publish()
{
    // link() refuses an existing name in one step; rename() would replace it.
    if (::link(temporary_.c_str(), path_.c_str()) != 0) {
        if (errno == EEXIST)
            alreadyThere(path_);
        fileFailure("create", path_, errno);
    }
    ::unlink(temporary_.c_str());
    temporary_.clear();
    syncDirectoryOf(path_);
}

void NewFile::replace()
{
    if (::rename(temporary_.c_str(), path_.c_str()) != 0)
        fileFailure("replace", path_, errno);
    temporary_.clear();
    syncDirectoryOf(path_);
}

void NewFile::withdraw() noexcept { ::unlink(path_.c_str()); }

void expectAbsent(const std::filesystem::path& path)
{
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0)
        alreadyThere(path);
    if (errno != ENOENT)
        fileFailure("look at", path, errno);
    const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (::stat(directory.c_str(), &status) != 0)
        fileFailure("use directory", directory, errno);
    if (!S_ISDIR(status.st_mode))
        fileFailure("use directory", directory, ENOTDIR);
}

} // namespace teehost::cli
