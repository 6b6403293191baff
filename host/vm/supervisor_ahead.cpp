// SPDX-License-Identifier: Apache-2.0
//
// Makes what plugins allow to be made ahead of VMs (ahead_pool.h), while nothing is launched.
#include <algorithm>

#include <csignal>

#include "host/launch/spawn.h"
#include "host/vm/console.h"
#include "host/vm/supervisor.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kAfterFailure = 60s;
constexpr Clock::duration kStepLimit = 60s;
constexpr auto kEndPatience = 2s; // for a step that the daemon's end meets
constexpr int kNice = 19;
constexpr std::size_t kShownLogLines = 3;

/// What is to be made for the next VM that asks for nothing in particular.
struct Planned {
    VmId id;
    std::string backend;
    std::string run; ///< the VM's directory
    std::vector<AheadWork> work;
};

} // namespace

/// Whether a client may be waiting for a VM.
bool Supervisor::isLaunching() const
{
    return std::any_of(vms_.begin(), vms_.end(), [](const auto& entry) {
        return entry.second->state == VmState::Preparing || entry.second->state == VmState::Launching;
    });
}

asio::awaitable<void> Supervisor::fillAhead()
{
    const auto wanted = settings_.number("vm.ahead");
    while (wanted > 0 && !decisions_ && accepting_)
        co_await onDecided_->waitUntil(Clock::now() + kForever);
    Clock::time_point again{};
    while (wanted > 0 && accepting_) {
        const bool due = ahead_->size() < wanted && !isLaunching() && Clock::now() >= again;
        if (!due) {
            const auto wake = Clock::now() < again ? again : Clock::now() + kForever;
            co_await ahead_->changed->waitUntil(wake);
            continue;
        }
        std::string trouble;
        bool made = true;
        makingAhead_ = true;
        try {
            made = co_await makeAhead();
        } catch (const std::exception& error) {
            trouble = error.what();
        }
        makingAhead_ = false;
        ahead_->changed->notify();
        if (!made)
            co_return; // no VM of this daemon has such steps
        if (!trouble.empty() && accepting_) {
            log_.warning("steps could not be run ahead of a vm; the next one waits for them",
                         {{"error", trouble}});
            again = Clock::now() + kAfterFailure;
        }
    }
}

/// False when nothing is to be made.
asio::awaitable<bool> Supervisor::makeAhead()
{
    auto& backend = choosePlugin("");
    auto ask = [this, &backend, attesters = attesters()] {
        const auto vm = specOf({}, backend, {});
        const auto fragments = compose(vm.spec, backend, attesters);
        return Planned{vm.spec.id, vm.spec.backend, launch::VmPaths(facts_.dirs, vm.spec.id).run.string(),
                       aheadWorkOf(fragments)};
    };
    const auto limit = Clock::now() + settings_.duration("vm.launch_timeout");
    const std::function<bool()> abandoned = [this] { return !accepting_; };
    const Planned planned = co_await calls_.run(ask, limit, ahead_->changed, abandoned);
    if (planned.work.empty())
        co_return false;
    auto make = [this, id = planned.id] { return launch::VmDirs::ahead(facts_.dirs, id, facts_.account); };
    const launch::VmDirs dirs = co_await onPool(pool_, make);
    MadeAhead made{planned.id, planned.backend, planned.work, dirs};
    std::exception_ptr failure;
    try {
        for (const auto& work : planned.work) {
            const AheadWork here = relocated(work, planned.run, made.dirs.paths().run.string());
            made.dirs.writePlanned(here.files);
            for (const auto& step : here.steps)
                co_await runAhead(step, made.dirs.paths().log / (step.name + ".log"));
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure || !accepting_) {
        ahead_->discard(std::move(made));
        if (failure)
            std::rethrow_exception(failure);
        co_return true;
    }
    log_.debug("steps were run ahead of a vm", {{"vm", made.id.text()}});
    ahead_->add(std::move(made));
    co_return true;
}

asio::awaitable<void> Supervisor::runAhead(plugin::SidecarPlan step, std::filesystem::path log)
{
    launch::SpawnPlan spawn;
    spawn.argv = step.argv;
    spawn.argv.at(0) = launch::findProgram(step.argv.at(0), "PATH for the sidecar " + step.name);
    for (const auto& variable : step.env)
        spawn.environment.push_back(variable.key + "=" + variable.value);
    spawn.log = log;
    spawn.account = facts_.account;
    spawn.umask = 0077;
    spawn.reap = true;
    spawn.nice = kNice;
    auto child = launch::spawnHeld(spawn);
    const auto process = Process::adopt(io_, child.pid(), child.takePidfd(), ahead_->changed, false);
    child.go();
    auto deadline =
        Clock::now() + (step.readyTimeout.count() > 0 ? Clock::duration(step.readyTimeout) : kStepLimit);
    while (!process->ended() && Clock::now() < deadline) {
        if (!accepting_)
            deadline = std::min(deadline, Clock::now() + kEndPatience);
        co_await ahead_->changed->waitUntil(deadline);
    }
    if (!process->ended()) {
        process->signal(SIGKILL);
        throw Error(Category::DeadlineExceeded, "the step " + step.name + " did not end in time");
    }
    if (process->exit()->signalled || process->exit()->value != 0)
        throw Error(Category::FailedPrecondition, "the step " + step.name + " ended with " +
                                                      process->exit()->text() + ": " +
                                                      lastLines(log, kShownLogLines));
}

/// Of a VM that ended before it had taken over what was made for it.
void Supervisor::discardAhead(Vm& vm)
{
    if (auto made = std::exchange(vm.ahead, std::nullopt))
        ahead_->discard(std::move(*made));
    ahead_->changed->notify();
}

/// Removes what was made ahead when the daemon stops: nothing of it outlives the daemon.
asio::awaitable<void> Supervisor::endAhead()
{
    const auto deadline = Clock::now() + kEndPatience + 1s;
    while (makingAhead_ && Clock::now() < deadline)
        co_await ahead_->changed->waitUntil(deadline);
    auto clean = [this] { launch::VmDirs::removeAhead(facts_.dirs); };
    co_await onPool(pool_, clean);
}

} // namespace teehost::vm
