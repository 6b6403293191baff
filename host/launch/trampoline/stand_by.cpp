// SPDX-License-Identifier: Apache-2.0
#include "host/launch/trampoline/stand_by.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/launch/trampoline/exit_status.h"

namespace teehost::launch {
namespace {

/// The parent of the process, from the fourth field of /proc/PID/stat (proc(5)); the second is in parentheses
/// and may hold anything. -1 when the process is gone.
pid_t parentOf(const char* pid)
{
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "/proc/%.20s/stat", pid);
    const int fd = ::open(path.data(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    std::array<char, 512> text{};
    const auto size = ::read(fd, text.data(), text.size() - 1);
    ::close(fd);
    const char* const name = size > 0 ? std::strrchr(text.data(), ')') : nullptr;
    int parent = -1;
    if (name == nullptr || std::sscanf(name, ") %*c %d", &parent) != 1)
        return -1;
    return parent;
}

std::vector<pid_t> children()
{
    std::vector<pid_t> out;
    DIR* const processes = ::opendir("/proc");
    if (processes == nullptr)
        return out;
    const pid_t own = ::getpid();
    while (const dirent* const entry = ::readdir(processes))
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && parentOf(entry->d_name) == own)
            out.push_back(static_cast<pid_t>(std::atol(entry->d_name)));
    ::closedir(processes);
    return out;
}

/// Kills and reaps the children, and those that become children by that, until there is none.
void killAll()
{
    do
        for (const pid_t child :
             children()) // none of them is reaped before the kill: the number is still its own
            ::kill(child, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR);
}

/// Ends this process the way the program ended.
[[noreturn]] void endLike(int status)
{
    if (WIFSIGNALED(status)) {
        ::signal(WTERMSIG(status), SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::raise(WTERMSIG(status));
    }
    std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : kCouldNotPrepare);
}

/// Reaps whatever has ended. Gives the program's status once it is among them.
bool reap(pid_t program, int& status)
{
    pid_t ended = 0;
    int its = 0;
    bool over = false;
    while ((ended = ::waitpid(-1, &its, WNOHANG)) > 0)
        if (ended == program) {
            status = its;
            over = true;
        }
    return over;
}

} // namespace

void become(char* const* argv, char* const* env)
{
    ::execve(argv[0], argv, env);
    std::fprintf(stderr, "teehost-launch: cannot execute \"%s\": %s\n", argv[0], std::strerror(errno));
    std::_Exit(kCouldNotPrepare);
}

void standBy(char* const* argv, char* const* env, int leash)
{
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigset_t before;
    const int signals = ::signalfd(-1, &watched, SFD_CLOEXEC);
    if (signals < 0 || ::sigprocmask(SIG_BLOCK, &watched, &before) != 0 ||
        ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        return;
    const pid_t parent = ::getpid();
    const pid_t program = ::fork();
    if (program < 0)
        return;
    if (program == 0) {
        ::close(leash);
        // The program ends even when this process is killed.
        if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent ||
            ::sigprocmask(SIG_SETMASK, &before, nullptr) != 0)
            std::_Exit(kCouldNotPrepare);
        become(argv, env);
    }
    std::array<pollfd, 2> wait{{{signals, POLLIN, 0}, {leash, POLLIN, 0}}};
    int status = 0;
    while (!reap(program, status)) {
        if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) {
            ::kill(program, SIGKILL);
            killAll();
            std::_Exit(kCouldNotPrepare);
        }
        if (wait[1].revents != 0) {
            ::kill(program, SIGKILL);
            killAll();
            std::_Exit(kNeverTold);
        }
        signalfd_siginfo signal{};
        if (wait[0].revents != 0 &&
            ::read(signals, &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal) &&
            signal.ssi_signo == SIGTERM)
            ::kill(program, SIGTERM); // it is not reaped yet, so the number is still its own
    }
    killAll();
    endLike(status);
}

} // namespace teehost::launch
