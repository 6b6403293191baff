// SPDX-License-Identifier: Apache-2.0
//
// The part of a VM's life while its guest runs: waiting for the agent, then watching both.
#include <boost/asio/detached.hpp>

#include "host/agent/agent_probe.h"
#include "host/base/text.h"
#include "host/vm/console.h"
#include "host/vm/guest_panic.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kBootProbeLimit = 1s;
constexpr auto kBootProbePause = 100ms;
constexpr auto kHealthLimit = 5s;
constexpr auto kReconnectPause = 5s;
constexpr unsigned kAnswersForUp = 2;
constexpr std::size_t kShownConsoleLines = 5;
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

/// One question to the agent, which may outlive the VM's interest in the answer.
void VmLife::askAgent()
{
    const std::weak_ptr<VmLife> weak = weak_from_this();
    auto* io = &supervisor_.io_;
    const auto limit = vm_->agentAnswered ? std::chrono::milliseconds(kHealthLimit) : kBootProbeLimit;
    auto ask = [weak, io, limit, address = supervisor_.probeAddress_,
                port = *vm_->port]() -> asio::awaitable<void> {
        const auto answer = co_await agent::probeAgent(*io, address, port, limit);
        const auto life = weak.lock();
        if (!life || answer == agent::Answer::None || answer == agent::Answer::Closed)
            co_return;
        life->agentHealth_.answered = true;
        if (!std::exchange(life->vm_->agentAnswered, true))
            life->vm_->changed->notify();
    };
    asio::co_spawn(*io, std::move(ask), asio::detached);
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
    asio::co_spawn(supervisor_.io_, std::move(ask), asio::detached);
}

asio::awaitable<void> VmLife::boot()
{
    const auto& settings = supervisor_.settings_;
    const auto limit =
        settings.duration(vm_->spec.accel == "kvm" ? "vm.boot_timeout_kvm" : "vm.boot_timeout_tcg");
    const auto deadline = Clock::now() + limit;
    while (!vm_->stop && !vm_->qemu->ended() && !vm_->agentAnswered) {
        if (Clock::now() >= deadline)
            throw Error(Category::DeadlineExceeded,
                        "the agent did not answer within " + formatDuration(limit) +
                            "; the console ends with:\n" +
                            lastLines(vm_->dirs->paths().consoleLog(), kShownConsoleLines),
                        "read the console with `teehost console`; check the guest image, or raise "
                        "vm.boot_timeout_" +
                            vm_->spec.accel);
        co_await followPause();
        // A connection made before the guest listens only learns of it when QEMU sends its SYN again, seconds
        // later. So new ones are made all the time, while older ones may still be answered by a slow guest.
        askAgent();
        co_await vm_->changed->waitUntil(Clock::now() + kBootProbePause);
    }
    if (vm_->agentAnswered && vm_->state == VmState::Booting)
        co_await supervisor_.transition(
            vm_, VmState::Running,
            "the agent answers on " + supervisor_.agentAddress_ + ":" + std::to_string(*vm_->port), kGoOn);
}

asio::awaitable<void> VmLife::watch()
{
    const auto interval = supervisor_.settings_.duration("vm.health_interval");
    auto nextConnect = Clock::now();
    Clock::time_point nextHealth = Clock::now() + interval;
    while (!vm_->stop && !vm_->qemu->ended()) {
        Clock::time_point wake = nextHealth;
        if (!vm_->qmp || !vm_->qmp->connected())
            wake = std::min(wake, nextConnect);
        co_await vm_->changed->waitUntil(wake);
        if (vm_->stop || vm_->qemu->ended())
            break;
        lookAtSidecars();
        co_await recordVerdicts();
        co_await followPause();
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
    qmpHealth_.judge(misses);
    agentHealth_.judge(misses);
    const bool both = qmpHealth_.down && agentHealth_.down;
    const bool any = qmpHealth_.down || agentHealth_.down;
    const VmState wanted = both ? VmState::Unresponsive : any ? VmState::Degraded : VmState::Running;
    std::string message = "QEMU and the agent answer again";
    if (both)
        message = "neither QEMU's monitor nor the agent answers";
    else if (any)
        message = qmpHealth_.down ? "QEMU's monitor does not answer" : "the agent does not answer";
    if (hasRun(vm_->state) && wanted != vm_->state)
        co_await supervisor_.transition(vm_, wanted, message, kGoOn);
    askQmp();
    askAgent();
}

asio::awaitable<void> VmLife::followPause()
{
    if (vm_->guestPaused && (vm_->state == VmState::Booting || hasRun(vm_->state)))
        co_await supervisor_.transition(vm_, VmState::Paused, "QEMU paused the guest", kGoOn);
    const VmState next = vm_->agentAnswered ? VmState::Running : VmState::Booting;
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
    }
    if (name == "SHUTDOWN" || name == "GUEST_PANICKED" || name == "BLOCK_IO_ERROR")
        supervisor_.note(*vm_, "qmp", "QEMU reported " + name,
                         {{"event", name}, {"reason", printable(reason)}});
}

} // namespace teehost::vm
