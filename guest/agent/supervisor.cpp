// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/agent/fault.h"
#include "guest/agent/power_button.h"
#include "guest/agent/service.h"

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

[[noreturn]] void powerOff(const Console& console)
{
    console.line("power button: powering off");
    ::sync();
    ::reboot(RB_POWER_OFF);
    ::_exit(1); // the kernel refused; a panic is more visible than a guest that hangs
}

class Supervisor {
public:
    Supervisor(const KernelParameters& parameters, const Console& console)
        : parameters_(parameters), console_(console), fault_(parameters)
    {
        sigset_t child;
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        ::sigprocmask(SIG_BLOCK, &child, nullptr);
        childEnded_.reset(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    }

    [[noreturn]] void run()
    {
        fault_.run(console_);
        if (fault_.startsAgent())
            startAgent();
        const PowerButton button;
        console_.line(button.devices().empty() ? "no power button" : "power button found");
        for (;;) {
            if (waitForButton(button)) {
                if (fault_.heedsPowerButton())
                    powerOff(console_);
                console_.line("fault: power button ignored");
            }
            reap();
            if (restartAt_ && steady_clock::now() >= *restartAt_)
                startAgent();
            fault_.run(console_);
        }
    }

private:
    void startAgent()
    {
        restartAt_.reset();
        agent_ = ::fork();
        if (agent_ < 0) {
            console_.line(std::string("cannot start the agent: ") + std::strerror(errno));
            restartAt_ = steady_clock::now() + kRestartDelay;
        } else if (agent_ == 0) {
            sigset_t none;
            sigemptyset(&none);
            ::sigprocmask(SIG_SETMASK, &none, nullptr);
            serveAgent(parameters_.agentPort, console_);
            ::_exit(1);
        }
    }

    /// Waits for the next thing to do; true when it is a press of the button.
    bool waitForButton(const PowerButton& button) const
    {
        std::vector<pollfd> watched{{childEnded_.get(), POLLIN, 0}};
        for (const auto& device : button.devices())
            watched.push_back({device.get(), POLLIN, 0});
        ::poll(watched.data(), watched.size(), timeout());
        bool pressed = false;
        for (std::size_t i = 1; i < watched.size(); ++i)
            pressed = ((watched[i].revents & POLLIN) != 0 && PowerButton::pressed(watched[i].fd)) || pressed;
        return pressed;
    }

    [[nodiscard]] int timeout() const
    {
        auto due = fault_.dueIn();
        if (restartAt_) {
            const auto left = std::chrono::ceil<milliseconds>(*restartAt_ - steady_clock::now());
            due = std::max(milliseconds(0), std::min(left, due.value_or(left)));
        }
        return due ? static_cast<int>(due->count()) : -1;
    }

    void reap()
    {
        signalfd_siginfo drained{};
        while (::read(childEnded_.get(), &drained, sizeof drained) > 0) {
        }
        int status = 0;
        for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
            if (pid != agent_)
                continue;
            console_.line("the agent ended (" + describeExit(status) + "); it starts again in a second");
            restartAt_ = steady_clock::now() + kRestartDelay;
        }
    }

    const KernelParameters& parameters_;
    const Console& console_;
    FaultPlan fault_;
    UniqueFd childEnded_;
    pid_t agent_ = -1;
    std::optional<steady_clock::time_point> restartAt_;
};

} // namespace

void supervise(const KernelParameters& parameters, const Console& console)
{
    Supervisor(parameters, console).run();
}

} // namespace teehost::guest
