// SPDX-License-Identifier: Apache-2.0
#include "host/vm/vm_life.h"

#include <boost/asio/detached.hpp>

#include "host/agent/agent_probe.h"
#include "host/base/text.h"
#include "host/doctor/explain.h"
#include "host/launch/qemu_args.h"
#include "host/launch/spawn.h"
#include "host/vm/call_options.h"
#include "host/vm/console.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr int kMaxPortAttempts = 5;
constexpr std::size_t kOutputTailBytes = 64 * 1024;
constexpr auto kProbeLimit = 1s;
constexpr auto kProbePause = 100ms;
constexpr auto kReapPatience = 2s;
constexpr auto kReconnectPause = 5s;
constexpr std::size_t kShownConsoleLines = 5;
constexpr auto kQmpWindow = 10s;
constexpr unsigned kMaxQmpEvents = 100;

/// Thrown to leave a step because the VM is to end; not a failure.
struct Stopping {};

} // namespace

asio::awaitable<void> VmLife::run()
{
    std::exception_ptr failure;
    try {
        co_await prepare();
        co_await launch();
        co_await boot();
        co_await watch();
    } catch (const Stopping&) {
    } catch (...) {
        failure = std::current_exception();
    }
    co_await end(failure);
}

void VmLife::throwIfStopping() const
{
    if (vm_->stop)
        throw Stopping{};
}

launch::PlanContext VmLife::planContext() const
{
    const auto& facts = supervisor_.facts_;
    return {supervisor_.settings_,
            facts.topology,
            launch::findProgram(facts.qemuBinary, "qemu.bin_path"),
            qemuVersion_,
            facts.instanceId,
            vm_->port ? *vm_->port : std::uint16_t{0},
            vm_->backend->info().confidential};
}

asio::awaitable<void> VmLife::prepare()
{
    auto work = [this] { return prepareFiles(); };
    const std::string cpuModel = co_await onPool(supervisor_.pool_, work);
    vm_->cpuModel = cpuModel;
    throwIfStopping();
}

void VmLife::spawnQemu(launch::LaunchPlan& plan)
{
    const auto& settings = supervisor_.settings_;
    const bool sudo = settings.flag("qemu.use_sudo");
    launch::SpawnPlan spawn;
    spawn.argv = plan.argv;
    if (sudo)
        spawn.argv.insert(spawn.argv.begin(), {launch::findProgram("sudo", "qemu.use_sudo"), "-n", "--"});
    spawn.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                         "HOME=/"};
    spawn.log = vm_->dirs->paths().qemuLog();
    spawn.account = supervisor_.facts_.account;
    spawn.lockMemory = plan.lockMemory;
    // Our copy of the listening socket goes away with this scope: when QEMU ends, the connection breaks.
    const UniqueFd qmp = vm_->dirs->listenQmp();
    spawn.standardInput = qmp.get();
    supervisor_.log_.info("starting qemu",
                          {{"vm", vm_->spec.id.text()}, {"command", launch::shellCommand(spawn.argv)}});
    launch::HeldChild child = launch::spawnHeld(spawn);
    vm_->qemu = Process::adopt(supervisor_.io_, child.pid(), child.takePidfd(), vm_->changed, sudo);
    if (vm_->state == VmState::Preparing)
        supervisor_.transition(*vm_, VmState::Launching, "QEMU is being started");
    child.go();
}

asio::awaitable<void> VmLife::launch()
{
    co_await startSidecars();
    for (int attempt = 1; !co_await tryLaunch(); ++attempt) {
        const auto taken = *vm_->port;
        supervisor_.ports_.quarantine(taken);
        if (attempt == kMaxPortAttempts)
            throw Error(Category::ResourceExhausted,
                        "QEMU found " + std::to_string(kMaxPortAttempts) +
                            " agent ports taken, one after the other, last " + std::to_string(taken),
                        "end what listens there, or change qemu.host_fwd_range");
        vm_->port = supervisor_.ports_.take();
        supervisor_.note(*vm_, "port-retry",
                         "port " + std::to_string(taken) + " was taken by somebody else; trying " +
                             std::to_string(*vm_->port));
    }
    vm_->launched = true;
    supervisor_.transition(*vm_, VmState::Booting, "QEMU runs the guest; waiting for its agent");
}

/// False when QEMU found the agent's port taken.
asio::awaitable<bool> VmLife::tryLaunch()
{
    const auto deadline = Clock::now() + supervisor_.settings_.duration("vm.launch_timeout");
    throwIfStopping();
    auto plan = launch::makePlan(vm_->spec, vm_->dirs->paths(), planContext(), fragments_);
    const auto logStart = fileSize(vm_->dirs->paths().qemuLog());
    spawnQemu(plan);
    std::exception_ptr broken;
    try {
        co_await connectQmp(deadline);
    } catch (const Error&) {
        broken = std::current_exception();
    }
    if (!broken)
        co_return true;
    // The connection breaks a moment before the exit is seen; only the exit says why.
    co_await endsWithin(vm_->qemu, kReapPatience);
    throwIfStopping();
    const bool ended = vm_->qemu->ended();
    const auto output = readFileAt(vm_->dirs->paths().qemuLog(), logStart, kOutputTailBytes);
    if (ended && doctor::isPortBusy(output))
        co_return false;
    // Operands of co_await are named: g++ 12 miscompiles conditional ones.
    const int waitStatus = ended ? vm_->qemu->exit()->waitStatus() : -1;
    const Error failure = co_await launchFailure("qmp", output, waitStatus);
    throw failure;
}

asio::awaitable<void> VmLife::connectQmp(Clock::time_point deadline)
{
    // Weak: the QMP client is owned by the VM, so a handler that owned the VM would keep both alive for ever.
    const std::weak_ptr<Vm> weak = vm_;
    auto* self = this;
    auto onEvent = [weak, self](const std::string& name, const nlohmann::json& data) {
        if (const auto vm = weak.lock(); vm && !isEnded(vm->state))
            self->onQmpEvent(name, data);
    };
    auto abandoned = [weak] {
        const auto vm = weak.lock();
        return !vm || vm->stop.has_value();
    };
    vm_->qmp = co_await QmpClient::connect(supervisor_.io_, vm_->dirs->paths().qmpSocket(), deadline, onEvent,
                                           vm_->changed, abandoned);
}

asio::awaitable<Error> VmLife::launchFailure(std::string stage, std::string output, int waitStatus)
{
    const plugin::Failure failure{waitStatus, stage, output, ""};
    auto ask = [this, failure] {
        try {
            if (vm_->backend->hasDiagnose())
                return vm_->backend->diagnose(callContext(supervisor_.settings_, Clock::now() + 2s), failure);
        } catch (const Error& error) {
            supervisor_.log_.warning("a plugin could not diagnose a failure",
                                     {{"plugin", vm_->backend->info().id}, {"error", error.what()}});
        }
        return std::vector<plugin::Finding>();
    };
    const auto findings = co_await onPool(supervisor_.pool_, ask);
    const auto why = doctor::explain(failure, findings);
    co_return Error(Category::FailedPrecondition,
                    why.cause + (why.evidence.empty() ? "" : " (" + why.evidence + ")"), why.remedy);
}

/// One question to the agent, which may outlive the VM's interest in the answer.
void VmLife::askAgent()
{
    const std::weak_ptr<Vm> weak = vm_;
    auto* io = &supervisor_.io_;
    auto ask = [weak, io, address = supervisor_.probeAddress_, port = *vm_->port]() -> asio::awaitable<void> {
        const auto answer = co_await agent::probeAgent(*io, address, port, kProbeLimit);
        const auto vm = weak.lock();
        if (vm && answer != agent::Answer::None) {
            vm->agentAnswered = true;
            vm->changed->notify();
        }
    };
    asio::co_spawn(*io, std::move(ask), asio::detached);
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
        // A connection made before the guest listens only learns of it when QEMU sends its SYN again, seconds
        // later. So new ones are made all the time, while older ones may still be answered by a slow guest.
        askAgent();
        co_await vm_->changed->waitUntil(Clock::now() + kProbePause);
    }
    if (vm_->agentAnswered && vm_->state == VmState::Booting)
        supervisor_.transition(*vm_, VmState::Running,
                               "the agent answers on " + supervisor_.agentAddress_ + ":" +
                                   std::to_string(*vm_->port));
}

asio::awaitable<void> VmLife::watch()
{
    auto nextConnect = Clock::now();
    while (!vm_->stop && !vm_->qemu->ended()) {
        co_await vm_->changed->waitUntil(Clock::now() + kReconnectPause);
        if (vm_->qmp->connected() || vm_->stop || vm_->qemu->ended() || Clock::now() < nextConnect)
            continue;
        nextConnect = Clock::now() + kReconnectPause; // whatever QEMU does to the connection, no more often
        try {
            co_await connectQmp(Clock::now() + kReconnectPause);
            supervisor_.note(*vm_, "qmp", "QMP is connected again");
        } catch (const Error& error) {
            supervisor_.log_.warning("qmp is unreachable",
                                     {{"vm", vm_->spec.id.text()}, {"error", error.what()}});
        }
    }
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
    if (name == "SHUTDOWN")
        vm_->shutdownReason = printable(reason);
    else if (name == "GUEST_PANICKED")
        vm_->guestPanicked = true;
    else if (name == "STOP" && (vm_->state == VmState::Booting || vm_->state == VmState::Running))
        supervisor_.transition(*vm_, VmState::Paused, "QEMU paused the guest");
    else if (name == "RESUME" && vm_->state == VmState::Paused)
        supervisor_.transition(*vm_, vm_->agentAnswered ? VmState::Running : VmState::Booting,
                               "QEMU resumed the guest");
    if (name == "SHUTDOWN" || name == "GUEST_PANICKED" || name == "BLOCK_IO_ERROR")
        supervisor_.note(*vm_, "qmp", "QEMU reported " + name,
                         {{"event", name}, {"reason", printable(reason)}});
}

} // namespace teehost::vm
