// SPDX-License-Identifier: Apache-2.0
#include "cli/client/interrupt.h"

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/failure.h"

namespace teehost::cli {
namespace {

sigset_t interruptSignals()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

int checked(int fd, const char* what)
{
    if (fd < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return fd;
}

} // namespace

Interrupt::Interrupt()
{
    const sigset_t set = interruptSignals();
    stopFd_ = checked(eventfd(0, EFD_CLOEXEC), "cannot make an event descriptor");
    signalFd_ = checked(signalfd(-1, &set, SFD_CLOEXEC), "cannot make a signal descriptor");
    pthread_sigmask(SIG_BLOCK, &set, &previousMask_);
    watcher_ = std::thread([this] { watch(); });
}

Interrupt::~Interrupt()
{
    const std::uint64_t one = 1;
    // An eventfd at zero always takes a one.
    [[maybe_unused]] const auto written = ::write(stopFd_, &one, sizeof one);
    watcher_.join();
    ::close(signalFd_);
    ::close(stopFd_);
    pthread_sigmask(SIG_SETMASK, &previousMask_, nullptr);
}

void Interrupt::watch()
{
    pollfd fds[] = {{stopFd_, POLLIN, 0}, {signalFd_, POLLIN, 0}};
    for (;;) {
        if (::poll(fds, 2, -1) < 0)
            continue; // EINTR is all it can be
        if (fds[0].revents != 0)
            return;
        signalfd_siginfo info{};
        if (::read(signalFd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info))
            continue;
        if (pending_.exchange(true))
            ::_exit(static_cast<int>(ExitCode::Interrupted));
        runActions();
    }
}

void Interrupt::runActions()
{
    const std::lock_guard lock(mutex_);
    for (const auto& [action, run] : actions_)
        run();
    actions_.clear();
}

Interrupt::Action::Action(Interrupt& interrupt, std::function<void()> run) : interrupt_(interrupt)
{
    // Under the lock: either the watcher has not come to runActions() yet and will find the action, or it is
    // seen here.
    const std::lock_guard lock(interrupt_.mutex_);
    if (interrupt_.pending())
        run();
    else
        interrupt_.actions_.emplace(this, std::move(run));
}

Interrupt::Action::~Action()
{
    const std::lock_guard lock(interrupt_.mutex_);
    interrupt_.actions_.erase(this);
}

} // namespace teehost::cli
