// SPDX-License-Identifier: Apache-2.0
//
// The second half of a VM's life: everything that ends it.
#include <algorithm>

#include <csignal>

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

} // namespace

asio::awaitable<void> VmLife::end(std::exception_ptr failure)
{
    vm_->ttlTimer.cancel();
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
        auto clean = [vm] { vm->dirs->remove(); };
        co_await onPool(supervisor_.pool_, clean);
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

/// The ladder: the power button, QMP quit, SIGTERM, SIGKILL.
asio::awaitable<void> VmLife::stopQemu()
{
    const auto process = vm_->qemu;
    if (!process || process->ended())
        co_return;
    const bool force = !vm_->stop || vm_->stop->force;
    const Clock::duration grace = vm_->stop && vm_->stop->grace
                                      ? *vm_->stop->grace
                                      : Clock::duration(supervisor_.settings_.duration("vm.stop_grace"));
    // A guest whose agent never answered is still in its firmware or early kernel and would not hear the
    // button.
    if (!force && grace > Clock::duration::zero() && vm_->agentAnswered) {
        if (vm_->state == VmState::Paused)
            co_await qmpCommand("cont", kQmpLimit);
        if (co_await qmpCommand("system_powerdown", kQmpLimit) && co_await endsWithin(process, grace))
            co_return;
    }
    co_await qmpCommand("quit", kQmpLimit);
    if (co_await endsWithin(process, vm_->qmp && vm_->launched ? kQuitPatience : 0s))
        co_return;
    co_await stopProcess(process, kTermPatience);
}

asio::awaitable<void> VmLife::stopProcess(std::shared_ptr<Process> process, Clock::duration patience)
{
    process->signal(SIGTERM);
    if (co_await endsWithin(process, patience))
        co_return;
    process->signal(SIGKILL);
    while (!co_await endsWithin(process, kKillPatience))
        supervisor_.note(*vm_, "unkillable",
                         "a process of the VM does not end after SIGKILL; nothing of it is released yet",
                         {{"pid", std::to_string(process->pid())}});
}

asio::awaitable<void> VmLife::stopSidecars()
{
    for (auto it = vm_->sidecars.rbegin(); it != vm_->sidecars.rend(); ++it) {
        const auto process = it->process;
        if (!process->ended())
            co_await stopProcess(process, it->plan.stopTimeout.count() > 0
                                              ? Clock::duration(it->plan.stopTimeout)
                                              : kSidecarPatience);
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
    if (vm.guestPanicked || vm.shutdownReason == "guest-panic")
        failed(Category::Aborted, "the guest panicked",
               "its last words are on the console: `teehost console`");
    else if (exit.signalled || exit.value != 0)
        failed(Category::Aborted, "QEMU ended unasked: " + exit.text(), "the VM's qemu.log says more");
    else if (vm.shutdownReason == "guest-reset")
        vm.cause = "the guest rebooted, which ends a VM here";
    else if (vm.shutdownReason == "guest-shutdown")
        vm.cause = "the guest powered off";
    else
        vm.cause = "QEMU ended: " + (vm.shutdownReason.empty() ? exit.text() : vm.shutdownReason);
}

} // namespace teehost::vm
