// SPDX-License-Identifier: Apache-2.0
//
// The second half of a VM's life: everything that ends it, or leads to another try.
#include <algorithm>
#include <utility>

#include <csignal>

#include <nlohmann/json.hpp>

#include "host/base/fault_point.h"
#include "host/base/text.h"
#include "host/vm/console.h"
#include "host/vm/records.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

// The last rung of the ladder allows for a large encrypted guest, whose pages the kernel takes back one by
// one after SIGKILL.
constexpr auto kKillPatience = 30s;
constexpr auto kQmpLimit = 2s;
constexpr Clock::duration kRemoveAgain = 250ms, kRemoveAgainAtMost = 30s;
constexpr std::size_t kShownConsoleLines = 5;
constexpr unsigned kMostDoublings = 20;

constexpr const char* kHostReboot = "host-reboot";
constexpr auto kGoOn = Journal::OnFailure::GoOn;

} // namespace

asio::awaitable<void> VmLife::end()
{
    const bool living = vm_->qemu && !vm_->qemu->ended();
    // Not when the store would not take that it is being launched: then it is teehost-launch, which ends
    // itself.
    if (living && isLegal(vm_->state, VmState::Stopping))
        co_await supervisor_.transition(vm_, VmState::Stopping, vm_->outcome->cause, kGoOn);
    faultPoint("s0");
    co_await clearAway();
    if (vm_->state != VmState::Cleaning)
        co_await supervisor_.transition(vm_, VmState::Cleaning, vm_->outcome->cause, kGoOn);
    if (!vm_->launched)
        co_await keepRow();
    faultPoint("clean");
    co_await removeFiles();
    faultPoint("cleaned");
    const VmState final = vm_->outcome->failure ? VmState::Failed : VmState::Stopped;
    // Named, because g++ 12 cannot compile a braced list of pairs as an operand of co_await.
    const std::map<std::string, std::string> fields{{"end", vm_->outcome->end},
                                                    {"remedy", vm_->outcome->remedy}};
    co_await supervisor_.transition(vm_, final, vm_->outcome->cause, Journal::OnFailure::Retry, fields);
}

/// The row of a VM that no create was answered with may not be synced yet. Without its directories nothing
/// else would tell after a power cut whose the logs are.
asio::awaitable<void> VmLife::keepRow()
{
    try {
        co_await supervisor_.journal_.sync();
    } catch (const Error&) {
        // The store has said so, and is not healthy. The VM ends nevertheless.
    }
}

/// Every process of the VM.
asio::awaitable<void> VmLife::clearAway()
{
    co_await stopQemu();
    co_await stopSidecars();
    vm_->sidecars.clear();
    vm_->qemuIdentity.reset();
    if (vm_->qmp)
        vm_->qmp->close();
}

asio::awaitable<void> VmLife::removeFiles()
{
    if (!vm_->dirs || vm_->ofOtherDirectories)
        co_return;
    const auto vm = vm_;
    auto clean = [vm, records = supervisor_.records_] {
        records.remove(vm->spec.id);
        return vm->dirs->remove();
    };
    std::string left = co_await onPool(supervisor_.pool_, clean);
    if (!left.empty())
        supervisor_.note(*vm, "cleanup-failed", left + "; it is tried again until it works");
    for (Clock::duration pause = kRemoveAgain; !left.empty();
         pause = std::min(2 * pause, kRemoveAgainAtMost)) {
        co_await vm->changed->waitUntil(Clock::now() + pause);
        left = co_await onPool(supervisor_.pool_, clean);
    }
}

bool VmLife::mayRestart() const
{
    // A VM that never got as far as its client being told of it is not tried again behind the client's back.
    // After a boot of the host there is no directory any more with what its guest was handed.
    return vm_->outcome->failure && vm_->outcome->end != kHostReboot && vm_->launched && !vm_->stop &&
           vm_->backend != nullptr && vm_->restarts < vm_->spec.maxRestarts && supervisor_.accepting_;
}

/// True when the VM is to be launched again now; false when it is to end.
asio::awaitable<bool> VmLife::restartAfter()
{
    const auto& settings = supervisor_.settings_;
    const Clock::duration longest = settings.duration("vm.restart_backoff_max");
    const bool wasStable = hasRun(vm_->state) && wallNow() - vm_->stateSince > longest;
    if (wasStable)
        vm_->restarts = 0;
    const bool waiting = std::exchange(resumedWaiting_, false);
    if (!waiting && !mayRestart())
        co_return false;
    co_await clearAway();
    const Clock::duration first = settings.duration("vm.restart_backoff");
    Clock::duration pause = first * (1LL << std::min(vm_->restarts, kMostDoublings));
    if (pause > longest || pause < first)
        pause = longest;
    if (!waiting) {
        const std::string message = vm_->outcome->cause + "; launched again in " + formatDuration(pause) +
                                    " (" + std::to_string(vm_->restarts + 1) + " of " +
                                    std::to_string(vm_->spec.maxRestarts) + ")";
        const std::map<std::string, std::string> fields{{"end", vm_->outcome->end}};
        if (vm_->state == VmState::Restarting) { // this time it did not even come to be launched
            ++vm_->restarts;
            supervisor_.note(*vm_, "restart-failed", message, fields);
            supervisor_.journal_.save(toRow(*vm_, vm_->state));
        } else {
            co_await supervisor_.transition(vm_, VmState::Restarting, message, kGoOn, fields);
        }
    }
    const auto deadline = Clock::now() + pause;
    while (!vm_->stop && Clock::now() < deadline)
        co_await vm_->changed->waitUntil(deadline);
    if (vm_->stop) {
        vm_->outcome = outcomeOf(nullptr);
        co_return false;
    }
    vm_->outcome.reset();
    vm_->qemu.reset();
    vm_->agentAnswered = vm_->guestPanicked = vm_->guestPaused = vm_->nicReady = vm_->wasUp = false;
    vm_->signal = UpSignal::None;
    vm_->answer = lastAnswer_ = agent::Answer::None;
    marker_.reset();
    lookingAtConsole_ = false;
    silences_ = 0;
    nextProbe_ = {};
    nicReadySince_ = {};
    vm_->shutdownReason.clear();
    vm_->panicWords.clear();
    qmpHealth_ = agentHealth_ = {};
    co_return true;
}

asio::awaitable<bool> VmLife::endsWithin(std::shared_ptr<Process> process, Clock::duration limit)
{
    const auto deadline = Clock::now() + limit;
    while (!process->ended() && Clock::now() < deadline)
        co_await vm_->changed->waitUntil(deadline);
    co_return process->ended();
}

asio::awaitable<bool> VmLife::qmpCommand(std::string command, Clock::duration limit)
{
    if (!vm_->qmp || !vm_->qmp->connected())
        co_return false;
    try {
        co_await vm_->qmp->execute(command, limit);
        co_return true;
    } catch (const Error&) {
        // The ladder's next rung is the answer; QEMU often closes the connection instead of replying.
    }
    co_return false;
}

/// Whether the guest may still take its time. Looked at again and again: a later request can end it.
bool VmLife::asksGuest() const
{
    return vm_->stop && !vm_->stop->force && Clock::now() < vm_->stop->since + *vm_->stop->grace;
}

asio::awaitable<void> VmLife::connectForEnd()
{
    const QmpClient::EventHandler ignore = [](const std::string&, const nlohmann::json&) {};
    try {
        vm_->qmp = co_await QmpClient::connect(supervisor_.io_, vm_->dirs->paths().qmpSocket(),
                                               Clock::now() + kQmpLimit, ignore, vm_->changed);
    } catch (const Error&) {
        // The ladder has rungs that need no monitor.
    }
}

/// The ladder: the power button, QMP quit, SIGTERM, SIGKILL.
asio::awaitable<void> VmLife::stopQemu()
{
    const auto process = vm_->qemu;
    if (!process || process->ended())
        co_return;
    const auto& settings = supervisor_.settings_;
    const Clock::duration quitPatience = settings.duration("vm.quit_timeout");
    // A VM taken up from the daemon before this one while it was ending; a monitor that is held by somebody
    // else, or stuck, must not delay the end.
    if (!vm_->qmp && vm_->launched)
        co_await connectForEnd();
    // A guest that never gave a sign of life is still in its firmware or early kernel and would not hear the
    // button. One that is never asked for a sign gets the benefit of the doubt.
    const bool hears = vm_->signal != UpSignal::None || vm_->upWhen() == UpWhen::None;
    if (asksGuest() && hears && vm_->qmp && vm_->qmp->connected()) {
        if (vm_->guestPaused)
            co_await qmpCommand("cont", kQmpLimit);
        co_await qmpCommand("system_powerdown", kQmpLimit);
        faultPoint("s2");
        while (asksGuest() && vm_->qmp->connected() && !process->ended())
            co_await vm_->changed->waitUntil(vm_->stop->since + *vm_->stop->grace);
        // Operands of co_await are named: g++ 12 miscompiles conditional ones.
        const Clock::duration closing = vm_->qmp->connected() ? 0s : quitPatience;
        const bool gone = co_await endsWithin(process, closing);
        if (gone)
            co_return;
    }
    const bool accepted = co_await qmpCommand("quit", kQmpLimit);
    faultPoint("s3");
    const Clock::duration quitting = accepted || (vm_->qmp && vm_->launched) ? quitPatience : 0s;
    const bool quit = co_await endsWithin(process, quitting);
    if (quit)
        co_return;
    const Clock::duration terming = settings.duration("vm.term_timeout");
    co_await stopProcess(process, terming);
}

asio::awaitable<void> VmLife::stopProcess(std::shared_ptr<Process> process, Clock::duration patience)
{
    process->signal(SIGTERM);
    faultPoint("s4");
    // Not `while (!co_await ...)`: g++ 12 resumes such a loop at a wrong place, which is the end of the
    // daemon.
    bool gone = co_await endsWithin(process, patience);
    if (!gone && process->dropLeash())
        gone = co_await endsWithin(process, kKillPatience);
    if (!gone)
        process->signal(SIGKILL);
    faultPoint("s5");
    while (!gone) {
        gone = co_await endsWithin(process, kKillPatience);
        if (!gone)
            supervisor_.note(*vm_, "unkillable",
                             "a process of the VM does not end after SIGKILL; nothing of it is released yet",
                             {{"pid", std::to_string(process->pid())}});
    }
}

asio::awaitable<void> VmLife::stopSidecars()
{
    const Clock::duration usual = supervisor_.settings_.duration("vm.term_timeout");
    for (auto it = vm_->sidecars.rbegin(); it != vm_->sidecars.rend(); ++it) {
        const auto process = it->process;
        if (!process || process->ended())
            continue;
        const Clock::duration patience = it->stopTimeout.count() > 0 ? it->stopTimeout : usual;
        co_await stopProcess(process, patience);
    }
}

Outcome VmLife::outcomeOf(std::exception_ptr failure) const
{
    if (failure && !vm_->stop) {
        try {
            std::rethrow_exception(failure);
        } catch (const Error& error) {
            const char* end = isOfEarlierBoot() ? kHostReboot : vm_->launched ? "unknown" : "launch-failed";
            return {error.category(), end, error.what(), error.hint()};
        } catch (const std::exception& error) {
            return {Category::Internal, "unknown", error.what(),
                    "this is a bug of teehost; please report it"};
        }
    }
    if (vm_->stop)
        return {{}, "asked", vm_->stop->reason, ""};
    return outcomeOfExit();
}

/// QEMU ended although nobody asked it to.
Outcome VmLife::outcomeOfExit() const
{
    const Vm& vm = *vm_;
    const auto failed = [](const char* end, const std::string& cause, const std::string& remedy) {
        return Outcome{Category::Aborted, end, cause, remedy};
    };
    const ExitStatus exit = vm.qemu ? vm.qemu->exit().value_or(ExitStatus{}) : ExitStatus{};
    const std::string console = vm.dirs ? consoleSays(vm.dirs->paths().consoleLog(), kShownConsoleLines) : "";
    const std::string early = vm.wasUp ? "" : " before it was up";
    if (vm.guestPanicked || vm.shutdownReason == "guest-panic")
        return failed("guest-panic",
                      "the guest panicked" + (vm.panicWords.empty() ? "" : " (" + vm.panicWords + ")") +
                          console,
                      "the guest's own logs may say more");
    if (exit.signalled && exit.value == SIGKILL && vm.qemuIdentity &&
        wasOomKilled(*vm.qemuIdentity, vm.oomKillsAtLaunch))
        return failed("oom-killed", "QEMU was killed by signal 9: the kernel was short of memory",
                      "give the host more memory, or the VMs less; raise vm.memory_reserve");
    if (exit.signalled)
        return failed("qemu-signal", "QEMU ended unasked: " + exit.text(), "the VM's qemu.log says more");
    if (exit.known && exit.value != 0)
        return failed("qemu-exit", "QEMU ended unasked: " + exit.text(), "the VM's qemu.log says more");
    if (vm.shutdownReason == "guest-reset")
        // A kernel that panics before it can say so looks the same.
        return failed("guest-reset", "the guest rebooted" + early + ", which ends a VM here" + console,
                      "let the guest power off instead of rebooting; a panic reboots too");
    if (vm.shutdownReason == "guest-shutdown" && !vm.wasUp)
        return failed("guest-shutdown", "the guest powered off" + early + console, "check the guest image");
    if (vm.shutdownReason == "guest-shutdown")
        return {{}, "guest-shutdown", "the guest powered off", ""};
    return failed("unknown", "QEMU ended: " + (vm.shutdownReason.empty() ? exit.text() : vm.shutdownReason),
                  "the VM's qemu.log says more");
}

} // namespace teehost::vm
