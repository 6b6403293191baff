// SPDX-License-Identifier: Apache-2.0
#include "host/launch/spawn.h"

#include <array>
#include <sstream>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/pidfd.h"
#include "host/base/text.h"

namespace teehost::launch {
namespace {

constexpr int kGoFd = 3; // teehost-launch's side of the contract
constexpr int kPlanFd = 4;
constexpr int kFirstSafeFd = 16; // sources of dup2 must lie above every target

[[noreturn]] void fail(const char* what, int error)
{
    const bool exhausted = error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
    throw systemError(exhausted ? Category::ResourceExhausted : Category::Internal, what, error,
                      exhausted ? "raise the daemon's limits on processes, open files or memory" : "");
}

UniqueFd movedUp(UniqueFd fd, const char* what)
{
    UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstSafeFd));
    if (!moved)
        fail(what, errno);
    return moved;
}

UniqueFd opened(const char* path, int flags, const char* what)
{
    UniqueFd fd(::open(path, flags | O_CLOEXEC, 0640));
    if (!fd)
        fail(what, errno);
    return movedUp(std::move(fd), what);
}

std::string planText(const SpawnPlan& plan)
{
    std::string out;
    const auto add = [&](char kind, const std::string& value) {
        out += std::string(1, kind) + "=" + value + '\0';
    };
    for (const auto& argument : plan.argv)
        add('a', argument);
    for (const auto& variable : plan.environment)
        add('e', variable);
    if (plan.account) {
        add('u', std::to_string(plan.account->uid));
        add('g', std::to_string(plan.account->gid));
        for (const auto group : plan.account->groups)
            add('G', std::to_string(group));
    }
    std::ostringstream mask;
    mask << std::oct << plan.umask;
    add('m', mask.str());
    if (plan.lockMemory)
        add('l', "1");
    if (plan.mayGainPrivileges)
        add('p', "1");
    if (plan.reap)
        add('r', "1");
    if (plan.nice > 0)
        add('n', std::to_string(plan.nice));
    return out;
}

UniqueFd planFile(const SpawnPlan& plan)
{
    UniqueFd fd(::memfd_create("teehost-plan", MFD_CLOEXEC));
    const std::string text = planText(plan);
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::lseek(fd.get(), 0, SEEK_SET) != 0)
        fail("cannot hand a plan to teehost-launch", errno);
    return movedUp(std::move(fd), "cannot hand a plan to teehost-launch");
}

/// posix_spawn's attributes and file actions, released together.
class SpawnSetup {
public:
    SpawnSetup()
    {
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawn_file_actions_init(&actions_);
        // A session of its own, an empty signal mask and default dispositions: the daemon blocks signals that
        // QEMU must not ignore, and a mask is inherited through exec.
        ::posix_spawnattr_setflags(
            &attributes_,
            static_cast<short>(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
    }
    SpawnSetup(const SpawnSetup&) = delete;
    SpawnSetup& operator=(const SpawnSetup&) = delete;
    ~SpawnSetup()
    {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    void place(const UniqueFd& from, int to)
    {
        ::posix_spawn_file_actions_adddup2(&actions_, from.get(), to);
    }

    pid_t run(const std::string& program)
    {
        std::string name = program;
        std::array<char*, 2> argv{name.data(), nullptr};
        std::array<char*, 1> environment{nullptr};
        pid_t pid = -1;
        if (const int error = ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, argv.data(),
                                            environment.data()))
            fail("cannot start teehost-launch", error);
        return pid;
    }

private:
    posix_spawnattr_t attributes_{};
    posix_spawn_file_actions_t actions_{};
};

} // namespace

void HeldChild::go()
{
    const char byte = 'G';
    if (::write(go_.get(), &byte, 1) != 1)
        fail("cannot let teehost-launch go", errno);
    if (!leashed_)
        go_.reset();
}

SpawnPlan sidecarPlan(const plugin::SidecarPlan& sidecar, std::filesystem::path log,
                      const std::optional<Account>& account)
{
    SpawnPlan plan;
    plan.argv = sidecar.argv;
    plan.argv.at(0) = findProgram(sidecar.argv.at(0), "PATH for the sidecar " + sidecar.name);
    for (const auto& variable : sidecar.env)
        plan.environment.push_back(variable.key + "=" + variable.value);
    plan.log = std::move(log);
    plan.account = account;
    plan.umask = 0077;
    plan.reap = sidecar.ready == plugin::SidecarPlan::Ready::ExitZero;
    return plan;
}

HeldChild spawnHeld(const SpawnPlan& plan)
{
    const std::string program = trampolinePath().string();
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
        fail("cannot make a pipe", errno);
    UniqueFd goRead(pipe[0]);
    UniqueFd goWrite(pipe[1]);
    goRead = movedUp(std::move(goRead), "cannot make a pipe");
    const UniqueFd planFd = planFile(plan);
    const UniqueFd log = opened(plan.log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW,
                                "cannot open the log of a child");
    const UniqueFd input = plan.standardInput < 0
                               ? opened("/dev/null", O_RDONLY, "cannot open /dev/null")
                               : movedUp(UniqueFd(::dup(plan.standardInput)), "cannot pass a socket");
    SpawnSetup setup;
    setup.place(input, STDIN_FILENO);
    setup.place(log, STDOUT_FILENO);
    setup.place(log, STDERR_FILENO);
    setup.place(goRead, kGoFd);
    setup.place(planFd, kPlanFd);
    const pid_t pid = setup.run(program);
    // Race-free: the child is ours and nobody else reaps it, so the pid cannot have been reused.
    UniqueFd pidfd = openPidfd(pid);
    if (!pidfd) {
        const int error = errno;
        goWrite.reset();
        ::waitpid(pid, nullptr, 0);
        fail("cannot hold a child by pidfd", error);
    }
    return HeldChild(pid, std::move(pidfd), std::move(goWrite), plan.reap);
}

std::filesystem::path trampolinePath()
{
    static const std::filesystem::path found = [] {
        const auto directory = std::filesystem::read_symlink("/proc/self/exe").parent_path();
        for (const auto& candidate :
             {directory / "teehost-launch", directory / "../lib/teehost/teehost-launch"})
            if (::access(candidate.c_str(), X_OK) == 0)
                return std::filesystem::canonical(candidate);
        return std::filesystem::path();
    }();
    if (found.empty())
        throw Error(Category::FailedPrecondition, "teehost-launch is not installed beside the daemon",
                    "reinstall teehost: VMs are started through it");
    return found;
}

std::string findProgram(const std::string& name, const std::string& option)
{
    if (name.find('/') != std::string::npos) {
        const auto path = std::filesystem::absolute(name).lexically_normal().string();
        if (::access(path.c_str(), X_OK) == 0)
            return path;
        throw systemError(Category::FailedPrecondition, "cannot execute \"" + printable(path) + "\"", errno,
                          "set " + option + " to an installed program");
    }
    const char* path = std::getenv("PATH");
    for (const auto& directory : split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
        const std::string candidate = directory + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    throw Error(Category::FailedPrecondition, "there is no program \"" + printable(name) + "\" in PATH",
                "install it, or set " + option);
}

} // namespace teehost::launch
