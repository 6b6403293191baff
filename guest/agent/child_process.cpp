// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/child_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace teehost::guest {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kRestartDelay{1000};

std::string describeExit(int status)
{
    if (WIFSIGNALED(status))
        return std::string("killed by SIG") + ::sigabbrev_np(WTERMSIG(status));
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

} // namespace

ChildProcess::ChildProcess(std::string name, const Console& console, std::function<int()> body)
    : name_(std::move(name)), console_(console), body_(std::move(body))
{
}

void ChildProcess::start()
{
    restart_at_.reset();
    pid_ = ::fork();
    if (pid_ < 0) {
        console_.line("cannot start " + name_ + ": " + std::strerror(errno), LogLevel::Error);
        restart_at_ = steady_clock::now() + kRestartDelay;
    } else if (pid_ == 0) {
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::_exit(body_());
    }
}

bool ChildProcess::ended(pid_t pid, int status)
{
    if (pid != pid_)
        return false;
    pid_ = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true; // it is done
    console_.line(name_ + " ended (" + describeExit(status) + "); it starts again in a second",
                  LogLevel::Error);
    restart_at_ = steady_clock::now() + kRestartDelay;
    return true;
}

void ChildProcess::startIfDue()
{
    if (restart_at_ && steady_clock::now() >= *restart_at_)
        start();
}

void ChildProcess::signal(int number) const
{
    if (runs())
        ::kill(pid_, number);
}

std::optional<milliseconds> ChildProcess::dueIn() const
{
    if (!restart_at_)
        return std::nullopt;
    return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*restart_at_ - steady_clock::now()));
}

} // namespace teehost::guest
