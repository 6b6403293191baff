// SPDX-License-Identifier: Apache-2.0
//
// The second half of a VM's life: everything that ends it.
#include <algorithm>

#include <csignal>

#include "host/vm/console.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

// Patience at each rung of the ladder. The last one allows for a large encrypted guest, whose pages the
// kernel takes back one by one after SIGKILL.
constexpr auto kQuitPatience = 2s;
constexpr auto kTermPatience = 2s;
constexpr auto kKillPatience = 30s;
constexpr auto kSidecarPatience = 2s;
constexpr auto kQmpLimit = 2s;
constexpr std::size_t kShownConsoleLines = 5;

} // namespace

asio::awaitable<void> VmLife::end(std::exception_ptr failure)
{
    vm_->ttlTimer.cancel();
    wasPaused_ = vm_->state == VmState::Paused;
    decideOutcome(failure);
    if (vm_->qemu && !vm_->qemu->ended())
        supervisor_.transition(*vm_, VmState::Stopping, vm_->cause);
    co_await stopQemu();
    co_await stopSidecars();
    supervisor_.transition(*vm_, VmState::Cleaning, vm_->cause);
    if (vm_->qmp)
        vm_->qmp->close();
    const auto vm = vm_;
    if (vm->dirs) {
        auto clean = [vm] { return vm->dirs->remove(); };
        const std::string left = co_await onPool(supervisor_.pool_, clean);
        if (!left.empty())
            supervisor_.note(*vm, "cleanup-failed", left + "; remove it by hand");
    }
    vm_->port.reset();
    supervisor_.transition(*vm_,
                           vm_->stop                           ? VmState::Stopped
                           : vm_->failure == Category::Unknown ? VmState::Stopped
                                                               : VmState::Failed,
                           vm_->cause);
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

/// The ladder: the power button, QMP quit, SIGTERM, SIGKILL.
asio::awaitable<void> VmLife::stopQemu()
{
    const auto process = vm_->qemu;
    if (!process || process->ended())
        co_return;
    // A guest whose agent never answered is still in its firmware or early kernel and would not hear the
    // button.
    if (asksGuest() && vm_->agentAnswered) {
        if (wasPaused_)
            co_await qmpCommand("cont", kQmpLimit);
        co_await qmpCommand("system_powerdown", kQmpLimit);
        while (asksGuest() && vm_->qmp->connected() && !process->ended())
            co_await vm_->changed->waitUntil(vm_->stop->since + *vm_->stop->grace);
        // Operands of co_await are named: g++ 12 miscompiles conditional ones.
        const Clock::duration closing = vm_->qmp->connected() ? 0s : kQuitPatience;
        const bool gone = co_await endsWithin(process, closing);
        if (gone)
            co_return;
    }
    co_await qmpCommand("quit", kQmpLimit);
    const Clock::duration quitting = vm_->qmp && vm_->launched ? kQuitPatience : 0s;
    const bool quit = co_await endsWithin(process, quitting);
    if (quit)
        co_return;
    co_await stopProcess(process, kTermPatience);
}

asio::awaitable<void> VmLife::stopProcess(std::shared_ptr<Process> process, Clock::duration patience)
{
    process->signal(SIGTERM);
    // Not `while (!co_await ...)`: g++ 12 resumes such a loop at a wrong place, which is the end of the
    // daemon.
    bool gone = co_await endsWithin(process, patience);
    if (!gone)
        process->signal(SIGKILL);
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
    for (auto it = vm_->sidecars.rbegin(); it != vm_->sidecars.rend(); ++it) {
        const auto process = it->process;
        if (!process->ended()) {
            const Clock::duration patience = it->plan.stopTimeout.count() > 0
                                                 ? Clock::duration(it->plan.stopTimeout)
                                                 : Clock::duration(kSidecarPatience);
            co_await stopProcess(process, patience);
        }
    }
}

void VmLife::decideOutcome(std::exception_ptr failure)
{
    Vm& vm = *vm_;
    const auto failed = [&](Category category, const std::string& cause, const std::string& remedy) {
        vm.failure = category;
        vm.cause = cause;
        vm.remedy = remedy;
    };
    if (failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const Error& error) {
            failed(error.category(), error.what(), error.hint());
        } catch (const std::exception& error) {
            failed(Category::Internal, error.what(), "this is a bug of teehost; please report it");
        }
        return;
    }
    if (vm.stop) {
        vm.cause = vm.stop->reason;
        return;
    }
    const ExitStatus exit = vm.qemu->exit().value_or(ExitStatus{});
    const std::string console =
        vm.dirs ? "; the console says:\n" + lastWords(vm.dirs->paths().consoleLog(), kShownConsoleLines) : "";
    const std::string early = vm.agentAnswered ? "" : " before its agent answered";
    if (vm.guestPanicked || vm.shutdownReason == "guest-panic")
        failed(Category::Aborted, "the guest panicked" + console, "the guest's own logs may say more");
    else if (exit.signalled || exit.value != 0)
        failed(Category::Aborted, "QEMU ended unasked: " + exit.text(), "the VM's qemu.log says more");
    else if (vm.shutdownReason == "guest-reset")
        // A kernel that panics before it can say so looks the same.
        failed(Category::Aborted, "the guest rebooted" + early + ", which ends a VM here" + console,
               "let the guest power off instead of rebooting; a panic reboots too");
    else if (vm.shutdownReason == "guest-shutdown" && !vm.agentAnswered)
        failed(Category::Aborted, "the guest powered off" + early + console, "check the guest image");
    else if (vm.shutdownReason == "guest-shutdown")
        vm.cause = "the guest powered off";
    else
        failed(Category::Aborted,
               "QEMU ended: " + (vm.shutdownReason.empty() ? exit.text() : vm.shutdownReason),
               "the VM's qemu.log says more");
}

} // namespace teehost::vm
