// SPDX-License-Identifier: Apache-2.0
#include "host/vm/process.h"

#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/pidfd.h"

namespace teehost::vm {
namespace {

/// QEMU started through sudo belongs to root; a daemon that does not asks sudo to pass the signal on.
void signalThroughSudo(pid_t pid, int number)
{
    std::string program = "sudo", flag = "-n", kill = "kill", what = "-" + std::to_string(number),
                whom = std::to_string(pid);
    char* argv[] = {program.data(), flag.data(), kill.data(), what.data(), whom.data(), nullptr};
    pid_t helper = -1;
    if (::posix_spawnp(&helper, "sudo", nullptr, nullptr, argv, environ) == 0)
        ::waitpid(helper, nullptr, 0);
}

void signalAsRoot(pid_t pid, int number)
{
    if (::kill(pid, number) != 0 && errno == EPERM)
        signalThroughSudo(pid, number);
}

/// The children of sudo, which lives until they have ended, so that their pids cannot have been reused.
std::vector<pid_t> childrenOf(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
    return {std::istream_iterator<pid_t>(file), {}};
}

} // namespace

std::string ExitStatus::text() const
{
    if (!known)
        return "exit status unknown: it was started by an earlier run of the daemon";
    if (!signalled)
        return "exit status " + std::to_string(value);
    const char* name = ::sigdescr_np(value);
    return "killed by signal " + std::to_string(value) + " (" + (name == nullptr ? "unknown" : name) + ")";
}

Process::Process(asio::io_context& io, pid_t pid, UniqueFd pidfd, std::shared_ptr<Signal> changed,
                 bool throughSudo)
    : pid_(pid), throughSudo_(throughSudo), pidfd_(io, pidfd.release()), changed_(std::move(changed))
{
}

std::shared_ptr<Process> Process::adopt(asio::io_context& io, pid_t pid, UniqueFd pidfd,
                                        std::shared_ptr<Signal> changed, bool throughSudo)
{
    std::shared_ptr<Process> process(new Process(io, pid, std::move(pidfd), std::move(changed), throughSudo));
    process->watch();
    return process;
}

void Process::watch()
{
    pidfd_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                          if (!error)
                              self->reap();
                      });
}

void Process::reap()
{
    // asio recycles what it knows of a descriptor: an event of one that was just closed may complete a wait
    // on the next. Only the pidfd itself says whether the process has ended.
    if (!hasEnded(pidfd_.native_handle()))
        return watch();
    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.native_handle()), &info, WEXITED) != 0)
        exit_ = ExitStatus{false, 0, false};
    else
        exit_ = ExitStatus{info.si_code != CLD_EXITED, info.si_status};
    boost::system::error_code ignored;
    pidfd_.close(ignored);
    leash_.reset();
    changed_->notify();
}

bool Process::dropLeash() noexcept
{
    const bool had = static_cast<bool>(leash_);
    leash_.reset();
    return had;
}

void Process::signal(int number) noexcept
{
    if (ended())
        return;
    if (throughSudo_) {
        const auto children = childrenOf(pid_);
        // sudo passes most signals on, but not SIGKILL, and would leave QEMU behind.
        for (const pid_t child : children)
            signalAsRoot(child, number);
        // It stops itself when QEMU is stopped (sudo(8), "Signal handling") and would not see it end.
        signalAsRoot(pid_, SIGCONT);
        if (!children.empty())
            return;
    }
    signalPidfd(pidfd_.native_handle(), number);
}

} // namespace teehost::vm
