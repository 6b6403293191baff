// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/sandbox.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/agent/compute/zip_file.h"
#include "guest/agent/system_call.h"
#include "host/base/unique_fd.h"

namespace teehost::guest {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRoot = "/run/sandbox";
constexpr int kCannotBegin = 127, kSignalled = 128; // as shells have them
constexpr unsigned long kNoDevices = MS_NOSUID | MS_NODEV;

struct Order {
    std::string kind, work;
    SandboxLimits limits;
    std::vector<char*> program; ///< with the null pointer that execve wants
};

std::uint64_t number(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        throw std::invalid_argument("a limit is no number");
    return value;
}

Order readOrder(int count, char** arguments)
{
    if (count < 6)
        throw std::invalid_argument("the sandbox wants more arguments");
    Order order{arguments[2], arguments[3], {}, {}};
    order.limits.memory_bytes = order.limits.file_bytes = number(arguments[4]);
    order.limits.cpu_seconds = number(arguments[5]);
    order.program.assign(arguments + 6, arguments + count);
    order.program.push_back(nullptr);
    if (order.kind != kSandboxUnpack && (order.kind != kSandboxRun || order.program.size() < 2))
        throw std::invalid_argument("the sandbox runs a program or unpacks");
    return order;
}

void mountOrThrow(const char* source, const std::string& target, const char* type, unsigned long flags,
                  const char* options = nullptr)
{
    check(::mount(source, target.c_str(), type, flags, options), "cannot mount " + target);
}

/// Has no name of the standard library's: a call with its types would find std::bind, and mount nothing.
void bindMount(const std::string& source, const std::string& target, unsigned long flags)
{
    mountOrThrow(source.c_str(), target, nullptr, MS_BIND);
    mountOrThrow(nullptr, target, nullptr, MS_REMOUNT | MS_BIND | flags);
}

/// Shows the /usr of an image with Python, read-only, and the directories and links that lead there.
void showSystem(const fs::path& root)
{
    for (const auto* name : {"usr", "lib", "lib64", "bin", "sbin"}) {
        const fs::path there = fs::path("/") / name;
        if (fs::is_symlink(there)) {
            fs::copy_symlink(there, root / name);
        } else if (fs::is_directory(there)) {
            fs::create_directory(root / name);
            bindMount(there, root / name, kNoDevices | MS_RDONLY);
        }
    }
}

void showDevices(const fs::path& root)
{
    fs::create_directory(root / "dev");
    for (const auto* name : {"null", "zero", "full", "random", "urandom"}) {
        const auto place = root / "dev" / name;
        const UniqueFd made(
            check(::open(place.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666), place.string()));
        bindMount(fs::path("/dev") / name, place, MS_NOSUID | MS_NOEXEC);
    }
    fs::create_symlink("/proc/self/fd", root / "dev/fd");
}

/// A new root directory, with the old one out of reach: the mounts of the guest, the host's shares among
/// them, lie beneath it.
void enterRoot(const std::string& work)
{
    mountOrThrow(nullptr, "/", nullptr, MS_REC | MS_PRIVATE);
    fs::create_directories(kRoot);
    mountOrThrow("tmpfs", kRoot, "tmpfs", kNoDevices, "mode=0755,size=1m");
    const fs::path root = kRoot;
    showSystem(root);
    showDevices(root);
    for (const auto* name : {"work", "tmp", "proc"})
        fs::create_directory(root / name);
    bindMount(work, root / "work", kNoDevices);
    // Beside the working directory, in which the sandbox's user could have put a link in its place.
    bindMount(fs::path(work).parent_path() / "tmp", root / "tmp", kNoDevices);
    mountOrThrow("proc", root / "proc", "proc", kNoDevices | MS_NOEXEC, "subset=pid,hidepid=2");
    mountOrThrow(nullptr, kRoot, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | kNoDevices);
    check(::chdir(kRoot), "cannot enter the sandbox");
    mountOrThrow(".", "/", nullptr, MS_MOVE);
    check(::chroot("."), "cannot enter the sandbox");
    check(::chdir("/work"), "cannot enter /work");
}

void limit(__rlimit_resource resource, std::uint64_t value, const char* what)
{
    const rlimit limits{value, value};
    check(::setrlimit(resource, &limits), std::string("cannot limit ") + what);
}

void becomeNobodyInParticular(const SandboxLimits& limits)
{
    limit(RLIMIT_CORE, 0, "core files");
    limit(RLIMIT_CPU, limits.cpu_seconds, "processor time");
    limit(RLIMIT_DATA, limits.memory_bytes, "memory");
    limit(RLIMIT_FSIZE, limits.file_bytes, "the size of files");
    limit(RLIMIT_NOFILE, limits.files, "open files");
    limit(RLIMIT_NPROC, limits.processes, "processes");
    limit(RLIMIT_MEMLOCK, 0, "locked memory");
    check(::setgroups(0, nullptr), "cannot give up groups");
    check(::setresgid(kSandboxUser, kSandboxUser, kSandboxUser), "cannot give up the group");
    check(::setresuid(kSandboxUser, kSandboxUser, kSandboxUser), "cannot give up the user");
    forbidSystemCalls();
    ::umask(022);
}

int unpackHere(const SandboxLimits& limits)
{
    const UniqueFd unpacked(
        check(::open("unpacked", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "cannot open unpacked"));
    unzipInto(STDIN_FILENO, unpacked.get(), limits.file_bytes);
    return 0;
}

/// Runs in the child, which is process 2 of its namespace.
[[noreturn]] void work(const Order& order)
{
    try {
        ::setsid();
        becomeNobodyInParticular(order.limits);
        if (order.kind == kSandboxUnpack)
            ::_exit(unpackHere(order.limits));
        std::array<const char*, 6> environment{
            "PATH=/usr/bin:/bin",        "HOME=/work", "TMPDIR=/tmp", "LANG=C.UTF-8",
            "PYTHONDONTWRITEBYTECODE=1", nullptr};
        ::execve(order.program.front(), order.program.data(), const_cast<char**>(environment.data()));
        check(-1, "cannot execute the algorithm");
    } catch (const std::exception& e) {
        const std::string words = std::string(e.what()) + "\n";
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, words.data(), words.size());
    }
    ::_exit(kCannotBegin);
}

/// Process 1 of the namespace: an algorithm in its place would take no signal, not even of its own abort().
[[noreturn]] void keepHouse(const Order& order)
{
    enterRoot(order.work);
    const pid_t child = check(::fork(), "cannot fork");
    if (child == 0)
        work(order);
    for (;;) {
        int status = 0;
        const pid_t ended = ::waitpid(-1, &status, 0);
        if (ended == child)
            ::_exit(WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status));
        if (ended < 0 && errno != EINTR)
            ::_exit(kCannotBegin);
    }
}

/// Joins before there is anything to count. Without control groups the limits of each process remain.
void joinControlGroup()
{
    const UniqueFd group(
        ::open((std::string(kSandboxGroup) + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (group)
        check(::write(group.get(), "0", 1), "cannot join the control group");
}

int run(const Order& order)
{
    check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "cannot follow the agent");
    if (::getppid() == 1)
        return kCannotBegin; // the agent has died already
    joinControlGroup();
    check(
        ::unshare(CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP),
        "cannot make namespaces");
    check(::sethostname("sandbox", 7), "cannot give a host name");
    int alive[2];
    check(::pipe2(alive, O_CLOEXEC), "cannot make a pipe");
    const pid_t child = check(::fork(), "cannot fork");
    if (child == 0) {
        // Dies with its parent from here on. One that died before has left the pipe without a writer.
        ::close(alive[1]);
        check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "cannot follow the sandbox");
        pollfd parent{alive[0], 0, 0};
        if (check(::poll(&parent, 1, 0), "cannot look after the sandbox") != 0)
            ::_exit(kCannotBegin);
        ::close(alive[0]);
        keepHouse(order);
    }
    ::close(alive[0]);
    int status = 0; // alive[1] stays open until this process ends
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace

int sandboxMain(int count, char** arguments)
{
    try {
        return run(readOrder(count, arguments));
    } catch (const std::exception& e) {
        const std::string words = std::string("the sandbox cannot begin: ") + e.what() + "\n";
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, words.data(), words.size());
        return kCannotBegin;
    }
}

} // namespace teehost::guest
