// SPDX-License-Identifier: Apache-2.0
//
// The part of a VM's life while its guest runs: watching QEMU and the agent.
#include <nlohmann/json.hpp>

#include "host/base/text.h"
#include "host/vm/console.h"
#include "host/vm/guest_panic.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kReconnectPause = 5s;
constexpr unsigned kAnswersForUp = 2;
constexpr auto kQmpWindow = 10s;
constexpr unsigned kMaxQmpEvents = 100;

constexpr auto kGoOn = Journal::OnFailure::GoOn;

} // namespace

void VmLife::Channel::judge(std::uint64_t missesForDown)
{
    misses = answered ? 0 : misses + 1;
    answers = answered ? answers + 1 : 0;
    if (misses >= missesForDown)
        down = true;
    else if (answers >= kAnswersForUp)
        down = false;
    answered = false;
}

void VmLife::askQmp()
{
    if (!vm_->qmp || !vm_->qmp->connected())
        return;
    const std::weak_ptr<VmLife> weak = weak_from_this();
    auto ask = [weak, qmp = vm_->qmp]() -> asio::awaitable<void> {
        try {
            co_await qmp->execute("query-status", kHealthLimit);
        } catch (const Error&) {
            co_return; // the connection is closed by now; watch() makes another
        }
        if (const auto life = weak.lock())
            life->qmpHealth_.answered = true;
    };
    spawn(supervisor_.io_, std::move(ask));
}

asio::awaitable<void> VmLife::watch()
{
    const auto interval = supervisor_.settings_.duration("vm.health_interval");
    auto nextConnect = Clock::now();
    Clock::time_point nextHealth = Clock::now() + interval;
    while (!vm_->stop && !vm_->qemu->ended()) {
        Clock::time_point wake = nextHealth;
        if (!vm_->wasUp)
            wake = std::min(wake, lookForSigns());
        if (!vm_->qmp || !vm_->qmp->connected())
            wake = std::min(wake, nextConnect);
        co_await vm_->changed->waitUntil(wake);
        if (vm_->stop || vm_->qemu->ended())
            break;
        lookAtSidecars();
        co_await recordVerdicts();
        co_await followPause();
        co_await becomeUp();
        judgeBootTime();
        if (Clock::now() >= nextHealth) {
            nextHealth = Clock::now() + interval;
            co_await judgeHealth();
        }
        if ((vm_->qmp && vm_->qmp->connected()) || Clock::now() < nextConnect)
            continue;
        nextConnect = Clock::now() + kReconnectPause; // whatever QEMU does to the connection, no more often
        co_await reconnectQmp();
    }
}

/// What the guest makes of it, and whether it goes on, is not ours to say; that it happened is.
void VmLife::lookAtSidecars()
{
    for (auto& sidecar : vm_->sidecars) {
        const bool gone = !sidecar.process || sidecar.process->ended();
        if (!gone || sidecar.oneShot || std::exchange(sidecar.endTold, true))
            continue;
        const auto how =
            sidecar.process ? sidecar.process->exit()->text() : "while the daemon was not running";
        supervisor_.note(*vm_, "sidecar-ended", "the sidecar " + sidecar.name + " ended: " + how,
                         {{"sidecar", sidecar.name}});
    }
}

asio::awaitable<void> VmLife::reconnectQmp()
{
    std::string trouble;
    try {
        co_await connectQmp(Clock::now() + kReconnectPause);
        supervisor_.note(*vm_, "qmp", "QMP is connected again");
    } catch (const Error& error) {
        trouble = error.what();
    }
    if (!trouble.empty())
        supervisor_.log_.warning("qmp is unreachable", {{"vm", vm_->spec.id.text()}, {"error", trouble}});
}

/// Looks at the answers since the last time, and asks again.
asio::awaitable<void> VmLife::judgeHealth()
{
    if (vm_->guestPaused) { // a paused guest's agent cannot answer
        agentHealth_ = {};
        askQmp();
        co_return;
    }
    const auto misses = supervisor_.settings_.number("vm.health_misses");
    // An agent that has just answered a question of the daemon's need not be probed.
    const bool spoke = vm_->agentSpoke + supervisor_.settings_.duration("vm.health_interval") > Clock::now();
    agentHealth_.answered = agentHealth_.answered || spoke;
    qmpHealth_.judge(misses);
    // A guest whose network was never heard cannot fall silent.
    if (vm_->signal >= UpSignal::Guest)
        agentHealth_.judge(misses);
    const bool both = qmpHealth_.down && agentHealth_.down;
    const bool any = qmpHealth_.down || agentHealth_.down;
    const VmState wanted = both ? VmState::Unresponsive : any ? VmState::Degraded : VmState::Running;
    std::string message = "QEMU and the agent answer again";
    if (both)
        message = "QEMU's monitor does not answer, and " + agentTrouble();
    else if (any)
        message = qmpHealth_.down ? "QEMU's monitor does not answer" : agentTrouble();
    if (hasRun(vm_->state) && wanted != vm_->state)
        co_await supervisor_.transition(vm_, wanted, message, kGoOn);
    askQmp();
    if (!spoke && vm_->wasUp)
        askAgent();
}

std::string VmLife::agentTrouble() const
{
    if (silences_ == 0 && vm_->answer == agent::Answer::Refused)
        return "no program listens on the agent's port any more";
    return vm_->agentAnswered ? "the agent does not answer" : "the guest's network does not answer";
}

asio::awaitable<void> VmLife::followPause()
{
    if (vm_->guestPaused && (vm_->state == VmState::Booting || hasRun(vm_->state)))
        co_await supervisor_.transition(vm_, VmState::Paused, "QEMU paused the guest", kGoOn);
    const VmState next = vm_->wasUp ? VmState::Running : VmState::Booting;
    if (!vm_->guestPaused && vm_->state == VmState::Paused)
        co_await supervisor_.transition(vm_, next, "QEMU resumed the guest", kGoOn);
}

/// A QEMU gone bad must not push the events of all other VMs out of the log.
bool VmLife::tooManyQmpEvents()
{
    if (Clock::now() >= qmpWindow_ + kQmpWindow) {
        qmpWindow_ = Clock::now();
        qmpEvents_ = 0;
    }
    ++qmpEvents_;
    if (qmpEvents_ == kMaxQmpEvents)
        supervisor_.note(*vm_, "qmp-flood", "QEMU reports more than it should; some of it is left out");
    return qmpEvents_ >= kMaxQmpEvents;
}

void VmLife::onQmpEvent(const std::string& name, const nlohmann::json& data)
{
    if (tooManyQmpEvents())
        return;
    const auto given = data.is_object() ? data.find("reason") : data.end();
    const std::string reason = data.is_object() && given != data.end() && given->is_string()
                                   ? given->get<std::string>()
                                   : std::string();
    if (name == "SHUTDOWN") {
        vm_->shutdownReason = printable(reason);
    } else if (name == "GUEST_PANICKED") {
        vm_->guestPanicked = true;
        vm_->panicWords = panicWords(data);
    } else if (name == "STOP" || name == "RESUME") {
        vm_->guestPaused = name == "STOP";
    } else if (name == "NIC_RX_FILTER_CHANGED") {
        vm_->nicReady = true; // QEMU says it once, when the guest's driver first sets the card up
    }
    if (name == "SHUTDOWN" || name == "GUEST_PANICKED" || name == "BLOCK_IO_ERROR")
        supervisor_.note(*vm_, "qmp", "QEMU reported " + name,
                         {{"event", name}, {"reason", printable(reason)}});
}

} // namespace teehost::vm
