// SPDX-License-Identifier: Apache-2.0
//
// How a VM's life goes on after the daemon was restarted, whichever way that came about.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "host/base/text.h"
#include "host/vm/console.h"
#include "host/vm/stopping.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kLaunchingPatience = 2s; // for teehost-launch to become the program or to end
constexpr auto kLookAgainPause = 10ms;
constexpr auto kLostPause = 5s;
constexpr auto kQmpLimit = 2s;
constexpr auto kGoOn = Journal::OnFailure::GoOn;
constexpr std::size_t kShownLogLines = 3;

/// A script keeps its own arguments behind those of its interpreter.
bool endsWith(const std::vector<std::string>& arguments, const std::vector<std::string>& planned)
{
    return !planned.empty() && arguments.size() >= planned.size() &&
           std::equal(planned.rbegin(), planned.rend() - 1, arguments.rbegin());
}

} // namespace

void VmLife::findProcesses()
{
    const bool sudo = supervisor_.settings_.flag("qemu.use_sudo");
    const std::string id = vm_->spec.id.text();
    cannotLook_ = false;
    if (vm_->ofOtherDirectories) {
        vm_->qemuIdentity.reset();
        vm_->sidecars.clear();
        return;
    }
    if (vm_->qemuIdentity && !vm_->qemu) {
        auto found =
            findProcess(*vm_->qemuIdentity, [&](const auto& arguments) { return isQemuOf(id, arguments); });
        cannotLook_ = found.presence == Presence::Unknown;
        launchingStill_ = found.launching;
        if (found.presence == Presence::Alive)
            vm_->qemu = Process::adopt(supervisor_.io_, static_cast<pid_t>(vm_->qemuIdentity->pid),
                                       std::move(found.pidfd), vm_->changed, sudo);
        if (found.presence == Presence::Foreign)
            supervisor_.note(*vm_, "identity-mismatch",
                             "process " + std::to_string(vm_->qemuIdentity->pid) +
                                 " is not the VM's QEMU any more; it is left alone");
    }
    for (auto& sidecar : vm_->sidecars) {
        auto found = findProcess(sidecar.identity,
                                 [&](const auto& arguments) { return endsWith(arguments, sidecar.argv); });
        cannotLook_ = cannotLook_ || found.presence == Presence::Unknown;
        if (found.presence == Presence::Alive && !sidecar.process)
            sidecar.process = Process::adopt(supervisor_.io_, static_cast<pid_t>(sidecar.identity.pid),
                                             std::move(found.pidfd), vm_->changed, false);
    }
}

asio::awaitable<void> VmLife::resume()
{
    if (vm_->ofOtherDirectories) {
        co_await stayAside();
        co_return;
    }
    if (cannotLook_ || vm_->state == VmState::Lost)
        co_await stayLost();
    if (vm_->outcome &&
        (vm_->state == VmState::Stopping || vm_->state == VmState::Cleaning || vm_->state == VmState::Lost)) {
        co_await end(); // it was ending
        co_return;
    }
    if (vm_->state == VmState::Restarting && !isOfEarlierBoot()) {
        resumedWaiting_ = true;
        co_await liveOn();
        co_return;
    }
    const std::exception_ptr failure = co_await goThrough(From::Restart);
    vm_->outcome = outcomeOf(failure);
    co_await liveOn();
}

/// Whether the host was booted since its row was written. Whatever process the row names is gone then.
bool VmLife::isOfEarlierBoot() const
{
    return (!vm_->boot.empty() && vm_->boot != bootId()) ||
           (vm_->qemuIdentity && vm_->qemuIdentity->bootId != bootId());
}

Error VmLife::endedMeanwhile() const
{
    if (isOfEarlierBoot())
        return Error(Category::Aborted, "the host was rebooted", "VMs do not survive that; create it again");
    const auto words = lastLines(vm_->dirs->paths().qemuLog(), kShownLogLines);
    return Error(Category::Aborted,
                 "QEMU ended while the daemon was not running" +
                     (words.empty() ? std::string() : "; its log ends with:\n" + words),
                 "the VM's qemu.log and console.log may say more");
}

/// From the row's state to a VM whose QEMU has been reached, or an error that says why there is none.
asio::awaitable<void> VmLife::takeUp()
{
    if (isOfEarlierBoot())
        throw endedMeanwhile();
    if (vm_->state == VmState::Preparing ||
        (vm_->state == VmState::Launching && !vm_->qemu && !vm_->launched))
        throw Error(Category::Unavailable, "the daemon ended while the VM was being created; it was undone",
                    "create it again");
    co_await waitOutLaunching();
    if (!vm_->qemu || vm_->qemu->ended())
        throw endedMeanwhile();
    supervisor_.note(*vm_, "adopted", "the daemon was restarted; the VM is watched again",
                     {{"pid", std::to_string(vm_->qemu->pid())}});
    if (vm_->state == VmState::Launching) {
        const auto deadline = Clock::now() + supervisor_.settings_.duration("vm.launch_timeout");
        co_await connectQmp(deadline);
        const std::map<std::string, std::string> none;
        co_await supervisor_.transition(vm_, VmState::Booting, "QEMU runs the guest; waiting until it is up",
                                        kGoOn, none,
                                        Durability::SurvivesPowerCut); // a create may be repeated
        co_return;
    }
    co_await resumeQmp();
}

/// The daemon died between starting teehost-launch and seeing what became of it.
asio::awaitable<void> VmLife::waitOutLaunching()
{
    const auto deadline = Clock::now() + kLaunchingPatience;
    while (launchingStill_ && vm_->qemu && !vm_->qemu->ended() && Clock::now() < deadline) {
        const auto arguments = commandLine(vm_->qemu->pid()).value_or(std::vector<std::string>());
        launchingStill_ = !isQemuOf(vm_->spec.id.text(), arguments);
        if (launchingStill_)
            co_await vm_->changed->waitUntil(Clock::now() + kLookAgainPause);
    }
}

/// A monitor that does not answer is no reason to end a VM: watch() tries again and judges its health.
asio::awaitable<void> VmLife::resumeQmp()
{
    std::string status;
    try {
        co_await connectQmp(Clock::now() + kQmpLimit);
        const nlohmann::json answer = co_await vm_->qmp->execute("query-status", kQmpLimit);
        if (const auto it = answer.find("status"); it != answer.end() && it->is_string())
            status = it->get<std::string>();
    } catch (const Error& error) {
        status = "?";
        supervisor_.log_.warning("qmp is unreachable",
                                 {{"vm", vm_->spec.id.text()}, {"error", error.what()}});
    }
    if (status == "guest-panicked")
        vm_->guestPanicked = true;
    if (status == "guest-panicked" || status == "shutdown" || status == "internal-error")
        throw Error(Category::Aborted, "the guest ended while the daemon was not running: " + status,
                    "the VM's console.log may say more");
    vm_->guestPaused =
        status == "paused" || status == "io-error" || (status == "?" && vm_->state == VmState::Paused);
    co_await followPause();
}

/// The record is a copy of another daemon's, or runtime.dir was changed: the VM goes on without this daemon,
/// which keeps the row as it is and touches neither process nor file. Forced to, it forgets the VM.
asio::awaitable<void> VmLife::stayAside()
{
    vm_->state = VmState::Lost;
    vm_->outcome = Outcome{Category::FailedPrecondition, "unknown",
                           "the record is of a daemon whose run directory for this VM was \"" +
                               printable(vm_->runDirectory) + "\"; whatever runs there is left alone",
                           "start the daemon with the runtime.dir that the VM was launched with, or ask the "
                           "other daemon"};
    supervisor_.note(*vm_, "lost", vm_->outcome->cause);
    while (!vm_->stop)
        co_await vm_->changed->waitUntil(Clock::now() + kForever);
    co_await end();
}

/// /proc is closed, or the record cannot be read: nothing is touched until that changes or an operator
/// decides.
asio::awaitable<void> VmLife::stayLost()
{
    const VmState before = vm_->state;
    vm_->state = VmState::Lost;
    supervisor_.note(*vm_, "lost", "it cannot be told whether the VM's process still runs");
    while (!vm_->stop && (cannotLook_ || before == VmState::Lost)) {
        co_await vm_->changed->waitUntil(Clock::now() + kLostPause);
        if (cannotLook_)
            findProcesses();
    }
    if (before != VmState::Lost)
        vm_->state = before;
    else
        vm_->outcome = outcomeOf(nullptr);
}

} // namespace teehost::vm
