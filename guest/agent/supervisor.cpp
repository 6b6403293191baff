// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/supervisor.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/agent/child_process.h"
#include "guest/agent/cvms/process.h"
#include "guest/agent/fault.h"
#include "guest/agent/power_button.h"
#include "guest/agent/service.h"

namespace teehost::guest {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Supervisor {
public:
    explicit Supervisor(const GuestParts& parts)
        : parts_(parts), console_(parts.console), fault_(parts.parameters),
          agent_("the agent", console_, [this] { return runAgent(); }),
          client_("the client of the computation-management service", console_,
                  [this] { return runClient(); })
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
        startClient();
        const PowerButton button;
        console_.line(button.devices().empty() ? "no power button" : "power button found");
        for (;;) {
            if (waitForButton(button)) {
                if (fault_.heedsPowerButton())
                    powerOff();
                console_.line("fault: power button ignored");
            }
            reap();
            if (agent_.dueIn() == milliseconds(0))
                startAgent();
            client_.startIfDue();
            if (fault_.endsAgent())
                agent_.signal(SIGKILL);
            fault_.run(console_);
        }
    }

private:
    void startAgent()
    {
        console_.event(GuestEvent::AgentStarted); // before it can say that it serves
        agent_.start();
    }

    int runAgent()
    {
        serveAgent(parts_);
        return 1;
    }

    void startClient()
    {
        if (parts_.uplink == nullptr)
            return;
        if (parts_.management() == Management::Service)
            client_.start();
        else
            parts_.uplink->close();
    }

    int runClient()
    {
        runCvmsProcess(parts_.environment, console_, *parts_.uplink, *parts_.downlink);
        return 0;
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
        std::optional<milliseconds> due;
        for (const auto& one : {fault_.dueIn(), agent_.dueIn(), client_.dueIn()})
            if (one)
                due = std::min(*one, due.value_or(*one));
        return due ? static_cast<int>(due->count()) : -1;
    }

    void reap()
    {
        signalfd_siginfo drained{};
        while (::read(childEnded_.get(), &drained, sizeof drained) > 0) {
        }
        int status = 0;
        for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
            if (agent_.ended(pid, status))
                console_.event(GuestEvent::AgentFailed);
            else if (client_.ended(pid, status) && !client_.dueIn())
                parts_.uplink->close(); // it is done, and nobody else reads
        }
    }

    [[noreturn]] void powerOff()
    {
        console_.event(GuestEvent::GuestTerminating);
        console_.line("power button: powering off");
        client_.signal(SIGTERM);
        const auto deadline = steady_clock::now() + kCvmsFarewell;
        for (auto left = kCvmsFarewell; client_.runs() && left > milliseconds(0);
             left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now())) {
            pollfd ended{childEnded_.get(), POLLIN, 0};
            ::poll(&ended, 1, static_cast<int>(left.count()));
            reap();
        }
        ::sync();
        ::reboot(RB_POWER_OFF);
        ::_exit(1); // the kernel refused; a panic is more visible than a guest that hangs
    }

    const GuestParts parts_;
    const Console& console_;
    FaultPlan fault_;
    UniqueFd childEnded_;
    ChildProcess agent_, client_;
};

} // namespace

void supervise(const GuestParts& parts) { Supervisor(parts).run(); }

} // namespace teehost::guest
