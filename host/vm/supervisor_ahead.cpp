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

constexpr Clock::duration kClearAgain = 1s, kClearAtLeast = 60s;
constexpr Clock::duration kStepLimit = 60s;
constexpr auto kEndPatience = 2s; // with a step that is killed
constexpr int kNice = 19;
constexpr std::size_t kShownLogLines = 3;

/// The work to be done for the next VM that asks for nothing in particular.
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
    co_await clearAhead();
    const bool wanted = !ahead_->full();
    while (wanted && !decisions_ && accepting_)
        co_await onDecided_->waitUntil(Clock::now() + kForever);
    // A fault is met by the next create as well: trying before one came through would only wear out threads
    // and the log, and a plugin that crashes would end every daemon as soon as it has started.
    std::uint64_t untried = 0; // how many VMs there had been at the last failure
    while (wanted && accepting_) {
        const bool due = !ahead_->full() && !isLaunching() && launched_ != untried;
        if (!due) {
            co_await ahead_->changed()->waitUntil(Clock::now() + kForever);
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
        ahead_->changed()->notify();
        if (!made)
            co_return; // no VM of this daemon has such steps
        if (!trouble.empty() && accepting_) {
            log_.warning("steps could not be run ahead of a vm; the next one waits for them",
                         {{"error", trouble}});
            untried = launched_;
        }
    }
}

/// Removes what an earlier daemon made ahead. Steps that it left ended with it, but may have written a moment
/// ago.
asio::awaitable<void> Supervisor::clearAhead()
{
    auto clear = [this] { return launch::VmDirs::removeAhead(facts_.dirs); };
    for (Clock::duration pause = kClearAgain; accepting_;
         pause = std::min<Clock::duration>(2 * pause, kClearAtLeast)) {
        const std::string left = co_await onPool(pool_, clear);
        if (left.empty())
            co_return;
        if (pause == kClearAgain)
            log_.warning(
                "what an earlier daemon made ahead of vms cannot be removed; none is made until it is",
                {{"error", left}});
        const auto again = Clock::now() + pause;
        while (accepting_ && Clock::now() < again)
            co_await ahead_->changed()->waitUntil(again);
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
    const Planned planned = co_await calls_.run(ask, limit, ahead_->changed(), abandoned);
    if (planned.work.empty())
        co_return false;
    auto make = [this, id = planned.id] { return launch::VmDirs::ahead(facts_.dirs, id, facts_.account); };
    const launch::VmDirs dirs = co_await onPool(pool_, make);
    MadeAhead made{planned.id, planned.backend, planned.work, dirs, {}};
    std::exception_ptr failure;
    try {
        for (const auto& work : planned.work) {
            // Named, because g++ 12 destroys temporary aggregates in an operand of co_await twice.
            const AheadWork here = relocated(work, planned.run, dirs.paths().run.string());
            co_await runAhead(here, dirs);
        }
        auto look = [&dirs] { return dirs.files(); };
        made.results = co_await onPool(pool_, look);
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

asio::awaitable<void> Supervisor::runAhead(AheadWork work, launch::VmDirs dirs)
{
    auto write = [&] { dirs.writePlanned(work.files); };
    co_await onPool(pool_, write);
    for (const auto& step : work.steps)
        co_await runStepAhead(step, dirs.paths().log / (step.name + ".log"));
}

asio::awaitable<void> Supervisor::runStepAhead(plugin::SidecarPlan step, std::filesystem::path log)
{
    auto spawn = launch::sidecarPlan(step, log, facts_.account);
    spawn.nice = kNice;
    auto child = launch::spawnHeld(spawn);
    const auto process = Process::adopt(io_, child.pid(), child.takePidfd(), ahead_->changed(), false);
    child.go();
    process->keep(child.takeLeash());
    const auto deadline =
        Clock::now() + (step.readyTimeout.count() > 0 ? Clock::duration(step.readyTimeout) : kStepLimit);
    while (!process->ended() && accepting_ && Clock::now() < deadline)
        co_await ahead_->changed()->waitUntil(deadline);
    if (!process->ended()) {
        process->dropLeash();
        const auto patience = Clock::now() + kEndPatience;
        while (!process->ended() && Clock::now() < patience)
            co_await ahead_->changed()->waitUntil(patience);
        process->signal(SIGKILL);
        const auto last = Clock::now() + kEndPatience;
        while (!process->ended() && Clock::now() < last)
            co_await ahead_->changed()->waitUntil(last);
        throw Error(Category::DeadlineExceeded, "the step " + step.name + " did not end in time");
    }
    if (process->exit()->signalled || process->exit()->value != 0) {
        auto read = [&log] { return lastLines(log, kShownLogLines); };
        const std::string words = co_await onPool(pool_, read);
        throw Error(Category::FailedPrecondition,
                    "the step " + step.name + " ended with " + process->exit()->text() + ": " + words);
    }
}

/// Removes what was made for a VM that ended before it had taken it over.
void Supervisor::discardAhead(Vm& vm)
{
    if (auto made = std::exchange(vm.ahead, std::nullopt))
        ahead_->discard(std::move(*made));
    ahead_->changed()->notify();
}

/// Removes what was made ahead when the daemon stops: nothing of it outlives the daemon.
asio::awaitable<void> Supervisor::endAhead()
{
    const auto deadline = Clock::now() + kEndPatience + 1s;
    while (makingAhead_ && Clock::now() < deadline)
        co_await ahead_->changed()->waitUntil(deadline);
    auto clear = [this] { return launch::VmDirs::removeAhead(facts_.dirs); };
    static_cast<void>(co_await onPool(pool_, clear)); // the next start removes what is left
}

} // namespace teehost::vm
