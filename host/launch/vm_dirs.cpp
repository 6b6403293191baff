// SPDX-License-Identifier: Apache-2.0
#include "host/launch/vm_dirs.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/base/write_all.h"

namespace teehost::launch {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxExtraBytes = 16u << 20;
constexpr std::size_t kMaxExtraFiles = 256;

[[noreturn]] void fail(const std::string& what, const fs::path& path)
{
    const int error = errno;
    const bool full = error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENFILE;
    throw systemError(full ? Category::ResourceExhausted : Category::FailedPrecondition,
                      what + " \"" + path.string() + "\"", error,
                      full ? "free some space or raise the limit, then try again" : "");
}

/// Copies by extents that hold data, so that a sparse disk image stays sparse.
void copyContent(int from, int to, off_t size, const fs::path& path)
{
    off_t at = 0;
    while (at < size) {
        off_t data = ::lseek(from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            break;
        if (data < 0)
            data = at; // a file system without holes
        const off_t hole = ::lseek(from, data, SEEK_HOLE);
        const off_t end = hole < 0 ? size : hole;
        if (::lseek(from, data, SEEK_SET) < 0 || ::lseek(to, data, SEEK_SET) < 0)
            fail("cannot seek in", path);
        for (off_t rest = end - data; rest > 0;) {
            const auto moved =
                ::sendfile(to, from, nullptr, static_cast<std::size_t>(std::min<off_t>(rest, 1 << 26)));
            if (moved < 0)
                fail("cannot copy to", path);
            if (moved == 0)
                break; // the source shrank while it was copied
            rest -= moved;
        }
        at = end;
    }
    if (::ftruncate(to, size) != 0)
        fail("cannot size", path);
}

UniqueFd openRegular(const fs::path& path)
{
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd)
        fail("cannot open", path);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
        throw Error(Category::FailedPrecondition, "\"" + path.string() + "\" is not a regular file");
    return fd;
}

} // namespace

Account lookUpAccount(const std::string& name)
{
    const passwd* entry = ::getpwnam(name.c_str());
    if (entry == nullptr)
        throw Error(Category::FailedPrecondition, "there is no account \"" + printable(name) + "\"",
                    "set qemu.user to an existing account, or leave it empty");
    Account account{entry->pw_uid, entry->pw_gid, {}};
    if (const group* kvm = ::getgrnam("kvm"))
        account.groups.push_back(kvm->gr_gid);
    return account;
}

VmDirs::VmDirs(const HostDirs& dirs, const VmId& id, const std::optional<Account>& owner)
    : paths_(dirs, id), owner_(owner)
{
    prepareHostDirs(dirs,
                    owner.has_value()); // a cleaner of temporary files may have taken them since the start
    std::vector<fs::path> made; // on a failure only these are ours to remove: the VM may exist already
    try {
        for (const auto& path :
             {paths_.run, paths_.state, paths_.log, paths_.envShare(), paths_.certsShare()}) {
            makeDirectory(path);
            made.push_back(path);
        }
    } catch (...) {
        // They are empty, and rmdir works without the file descriptor that may be what was missing.
        for (auto path = made.rbegin(); path != made.rend(); ++path)
            ::rmdir(path->c_str());
        throw;
    }
}

VmDirs::VmDirs(VmPaths paths, const std::optional<Account>& owner) : paths_(std::move(paths)), owner_(owner)
{
}

VmDirs VmDirs::existing(const HostDirs& dirs, const VmId& id, const std::optional<Account>& owner)
{
    return VmDirs(VmPaths(dirs, id), owner);
}

namespace {

constexpr const char* kAhead = "ahead";

/// Renames what must not be in the place of anything. File systems that cannot say so by themselves
/// (renameat2(2), EINVAL) are asked first: no one else makes files of that VM.
void moveNew(const fs::path& from, const fs::path& to)
{
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
        return;
    struct stat status {};
    if (errno != EINVAL || ::lstat(to.c_str(), &status) == 0 || ::rename(from.c_str(), to.c_str()) != 0)
        fail("cannot move what was made ahead to", to);
}

/// The log of a step in the VM's log directory, as if the step had been run there (spawn.h).
void appendLog(const fs::path& from, const fs::path& to)
{
    const UniqueFd source = openRegular(from.string());
    const UniqueFd target(::open(to.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (!target)
        fail("cannot write the log", to);
    std::array<char, 1 << 14> block{};
    ssize_t size = 0;
    while ((size = ::read(source.get(), block.data(), block.size())) > 0)
        if (::write(target.get(), block.data(), static_cast<std::size_t>(size)) != size)
            fail("cannot write the log", to);
    if (size < 0)
        fail("cannot read the log", from);
}

} // namespace

VmDirs VmDirs::ahead(const HostDirs& dirs, const VmId& id, const std::optional<Account>& owner)
{
    const auto parent = dirs.runtime / kAhead;
    if (::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST)
        fail("cannot make the directory", parent);
    if (owner && ::chmod(parent.c_str(), 0711) != 0)
        fail("cannot set the mode of", parent);
    VmPaths paths(dirs, id);
    paths.run = parent / id.text();
    paths.log = parent / (id.text() + ".log");
    paths.state = paths.run; // has none
    VmDirs out(std::move(paths), owner);
    out.makeDirectory(out.paths_.run);
    out.makeDirectory(out.paths_.log);
    return out;
}

std::string VmDirs::removeAhead(const HostDirs& dirs)
{
    std::error_code error;
    fs::remove_all(dirs.runtime / kAhead, error);
    return error ? "\"" + (dirs.runtime / kAhead).string() + "\": " + error.message() : std::string();
}

std::vector<std::string> VmDirs::files() const
{
    std::vector<std::string> out;
    std::error_code error;
    for (fs::recursive_directory_iterator at(paths_.run, error), end; !error && at != end;
         at.increment(error))
        if (!at->is_directory(error))
            out.push_back(at->path().lexically_relative(paths_.run).string());
    std::sort(out.begin(), out.end());
    return out;
}

bool VmDirs::takeOver(const VmDirs& ahead, const std::vector<std::string>& results,
                      const std::vector<plugin::FilePlan>& planned) const
{
    if (ahead.files() != results) // a cleaner of temporary files took some, perhaps
        return false;
    const auto isPlanned = [&](const std::string& name) {
        return std::any_of(planned.begin(), planned.end(),
                           [&](const auto& file) { return file.name == name; });
    };
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(ahead.paths_.run, error)) {
        const auto name = entry.path().filename().string();
        if (!isPlanned(name))
            moveNew(entry.path(), paths_.run / name);
    }
    for (const auto& entry : fs::directory_iterator(ahead.paths_.log, error))
        appendLog(entry.path(), paths_.log / entry.path().filename());
    static_cast<void>(ahead.remove());
    removeLogs(ahead.paths_);
    return true;
}

void VmDirs::give(int fd) const
{
    if (owner_ && ::fchown(fd, owner_->uid, owner_->gid) != 0)
        throw systemError(Category::FailedPrecondition, "cannot give a file of the VM to the account of QEMU",
                          errno, "qemu.user needs a daemon that runs as root");
}

void VmDirs::makeDirectory(const fs::path& path) const
{
    if (::mkdir(path.c_str(), 0700) != 0)
        fail("cannot make the directory", path);
    if (!owner_)
        return;
    try {
        const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!fd)
            fail("cannot open", path);
        // The log directory stays the daemon's: QEMU's account writes the logs in it, but cannot put others
        // in their place.
        if (path != paths_.log)
            give(fd.get());
        else if (::fchmod(fd.get(), 0711) != 0)
            fail("cannot set the mode of", path);
    } catch (...) {
        ::rmdir(path.c_str());
        throw;
    }
}

void VmDirs::writeFile(const fs::path& path, std::string_view content, mode_t mode) const
{
    const UniqueFd fd(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd)
        fail("cannot create", path);
    give(fd.get());
    if (!writeAll(fd.get(), content))
        fail("cannot write", path);
}

void VmDirs::writeShares(const VmSecrets& secrets) const
{
    for (const auto& file : secrets.env)
        writeFile(paths_.envShare() / file.name, file.content.reveal(), 0600);
    for (const auto& file : secrets.certs)
        writeFile(paths_.certsShare() / file.name, file.content.reveal(), 0600);
}

std::vector<std::string> unsharable(const std::string& sourceDirectory)
{
    std::vector<std::string> out;
    std::error_code error;
    for (fs::directory_iterator entry(sourceDirectory, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;
        const auto type = entry->status(ignored).type();
        const char* what = type == fs::file_type::regular     ? nullptr
                           : type == fs::file_type::directory ? "a directory"
                           : type == fs::file_type::not_found ? "a link to nothing"
                           : type == fs::file_type::fifo      ? "a FIFO"
                           : type == fs::file_type::socket    ? "a socket"
                                                              : "no regular file";
        if (what != nullptr)
            out.push_back(printable(entry->path().filename().string()) + " (" + what + ")");
    }
    std::sort(out.begin(), out.end());
    return out;
}

void VmDirs::copyExtras(const std::string& sourceDirectory, const fs::path& share) const
{
    std::error_code error;
    std::uintmax_t bytes = 0;
    std::size_t files = 0;
    fs::directory_iterator entry(sourceDirectory, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const auto target = share / entry->path().filename();
        std::error_code ignored;
        if (!entry->is_regular_file(ignored) || fs::exists(target, ignored))
            continue;
        bytes += entry->file_size(ignored);
        if (++files > kMaxExtraFiles || bytes > kMaxExtraBytes)
            throw Error(Category::FailedPrecondition,
                        "\"" + sourceDirectory +
                            "\" holds more than 256 files or 16 MiB for a guest's share");
        copyFile(entry->path().string(), target);
    }
    if (error)
        throw systemError(Category::FailedPrecondition,
                          "cannot read the directory \"" + sourceDirectory + "\"", error.value(),
                          "see qemu.mounts.certs and qemu.mounts.env");
}

void VmDirs::copyFile(const std::string& source, const fs::path& target) const
{
    const UniqueFd from = openRegular(source);
    const UniqueFd to(::open(target.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!to)
        fail("cannot create", target);
    give(to.get());
    struct stat status {};
    if (::fstat(from.get(), &status) != 0)
        fail("cannot look at", source);
    copyContent(from.get(), to.get(), status.st_size, target);
}

void VmDirs::writePlanned(const std::vector<plugin::FilePlan>& files) const
{
    for (const auto& file : files) {
        const auto target = paths_.run / file.name;
        if (!file.copyFrom.empty()) {
            copyFile(file.copyFrom, target);
            if (::chmod(target.c_str(), file.mode & 0700) != 0)
                fail("cannot set the mode of", target);
            continue;
        }
        const std::string_view content(reinterpret_cast<const char*>(file.content.data()),
                                       file.content.size());
        writeFile(target, content, file.mode & 0700);
    }
}

UniqueFd VmDirs::listenQmp() const
{
    // Does not block, for QEMU neither: while it starts, its main thread and its monitor's may both see our
    // connection waiting (7.2 hands the listener from one to the other), and the loser would be stuck in
    // accept() for ever.
    UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = paths_.qmpSocket().string();
    if (!listener || path.size() >= sizeof address.sun_path)
        throw Error(Category::FailedPrecondition, "cannot make the QMP socket \"" + path + "\"",
                    "use a shorter runtime.dir");
    std::memcpy(address.sun_path, path.data(), path.size());
    // The directory is 0700 already; the mode of the socket only matters should that ever change.
    ::unlink(path.c_str());
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(path.c_str(), 0600) != 0 || ::listen(listener.get(), 1) != 0)
        fail("cannot make the QMP socket", paths_.qmpSocket());
    return listener;
}

void VmDirs::createLogs() const
{
    writeFile(paths_.consoleLog(), "", 0640);
    writeFile(paths_.qemuLog(), "", 0640);
}

std::string VmDirs::remove() const noexcept
{
    std::string failed;
    for (const auto& path : {paths_.run, paths_.state}) {
        std::error_code error;
        fs::remove_all(path, error);
        if (error)
            failed = "cannot remove \"" + path.string() + "\": " + error.message();
    }
    return failed;
}

void VmDirs::removeLogs(const VmPaths& paths) noexcept
{
    std::error_code ignored;
    fs::remove_all(paths.log, ignored);
}

} // namespace teehost::launch
