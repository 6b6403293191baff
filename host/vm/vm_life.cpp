// SPDX-License-Identifier: Apache-2.0
#include "host/vm/vm_life.h"

#include "host/base/fault_point.h"
#include "host/base/text.h"
#include "host/doctor/explain.h"
#include "host/launch/qemu_args.h"
#include "host/launch/qemu_version.h"
#include "host/launch/spawn.h"
#include "host/plugin/call_options.h"
#include "host/vm/console.h"
#include "host/vm/records.h"
#include "host/vm/stopping.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr int kMaxPortAttempts = 5;
constexpr std::size_t kOutputTailBytes = 64 * 1024;
constexpr auto kReapPatience = 2s;
constexpr auto kDiagnoseLimit = 2s;

} // namespace

asio::awaitable<void> VmLife::run()
{
    const std::string message = "the VM is being prepared";
    const std::map<std::string, std::string> fields{{"backend", vm_->spec.backend},
                                                    {"accel", vm_->spec.accel},
                                                    {"agent_port", std::to_string(*vm_->port)}};
    std::exception_ptr failure;
    try {
        co_await supervisor_.transition(vm_, VmState::Preparing, message, Journal::OnFailure::Refuse, fields);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        supervisor_.dismiss(vm_, outcomeOf(failure));
        co_return;
    }
    faultPoint("c1");
    const std::exception_ptr end = co_await goThrough(From::Beginning);
    vm_->outcome = outcomeOf(end);
    co_await liveOn();
}

/// What the guest's time ended with: an error, or null when the VM is to end or its QEMU has.
asio::awaitable<std::exception_ptr> VmLife::goThrough(From from)
{
    std::exception_ptr failure;
    try {
        if (from == From::Beginning)
            co_await prepare();
        if (from == From::Restart)
            co_await takeUp();
        else
            co_await launch();
        co_await boot();
        co_await watch();
    } catch (const Stopping&) {
    } catch (...) {
        failure = std::current_exception();
    }
    co_return failure;
}

/// What follows when the guest's time is over: another try, or the end.
asio::awaitable<void> VmLife::liveOn()
{
    bool again = co_await restartAfter();
    while (again) {
        const std::exception_ptr failure = co_await goThrough(From::Launch);
        vm_->outcome = outcomeOf(failure);
        again = co_await restartAfter();
    }
    co_await end();
}

void VmLife::throwIfStopping() const
{
    if (vm_->stop)
        throw Stopping{};
}

launch::PlanContext VmLife::planContext() const
{
    return supervisor_.planContext(qemuVersion_, *vm_->backend, vm_->port ? *vm_->port : std::uint16_t{0});
}

launch::LaunchPlan VmLife::plan() const
{
    return launch::makePlan(vm_->spec, vm_->dirs->paths(), planContext(), fragments_);
}

asio::awaitable<void> VmLife::prepare()
{
    auto work = [this] { return prepareFiles(); };
    const std::string cpuModel = co_await onPool(supervisor_.pool_, work);
    vm_->cpuModel = cpuModel;
    vm_->ahead.reset();
    faultPoint("c2");
    throwIfStopping();
}

asio::awaitable<void> VmLife::spawnQemu(launch::LaunchPlan plan)
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
    vm_->consoleStart = fileSize(vm_->dirs->paths().consoleLog());
    spawn.account = supervisor_.facts_.account;
    spawn.lockMemory = plan.lockMemory;
    spawn.mayGainPrivileges = sudo; // setuid; QEMU is then confined by its own sandbox alone
    // Our copy of the listening socket goes away with this scope: when QEMU ends, the connection breaks.
    const UniqueFd qmp = vm_->dirs->listenQmp();
    spawn.standardInput = qmp.get();
    supervisor_.log_.info("starting qemu",
                          {{"vm", vm_->spec.id.text()}, {"command", launch::shellCommand(spawn.argv)}});
    launch::HeldChild child = launch::spawnHeld(spawn);
    faultPoint("c4");
    vm_->qemu = Process::adopt(supervisor_.io_, child.pid(), child.takePidfd(), vm_->changed, sudo);
    vm_->qemuIdentity = identityOf(child.pid());
    vm_->oomKillsAtLaunch = oomKills();
    vm_->runDirectory = vm_->dirs->paths().run.string();
    // Only a QEMU that the store names may come to be. If the daemon dies before go(), teehost-launch ends.
    if (vm_->state == VmState::Launching)
        co_await supervisor_.journal_.commit(toRow(*vm_, vm_->state));
    else
        co_await supervisor_.transition(vm_, VmState::Launching, "QEMU is being started",
                                        Journal::OnFailure::Refuse);
    faultPoint("c5");
    co_await keepRecord();
    child.go();
    faultPoint("c6");
}

/// Keeps the row beside the store, so that a daemon whose store is lost can take the VM up. A launch does not
/// fail for want of it.
asio::awaitable<void> VmLife::keepRecord()
{
    const store::VmRow row = toRow(*vm_, VmState::Booting);
    auto write = [records = supervisor_.records_, row]() -> std::string {
        try {
            records.write(row);
            return {};
        } catch (const Error& error) {
            return error.what();
        }
    };
    const std::string trouble = co_await onPool(supervisor_.pool_, write);
    if (!trouble.empty())
        supervisor_.log_.warning("a vm's record is not kept beside the store",
                                 {{"vm", vm_->spec.id.text()}, {"error", trouble}});
}

asio::awaitable<void> VmLife::launch()
{
    co_await recompose();
    co_await measure();
    struct Slot {
        Supervisor& supervisor;
        ~Slot() { supervisor.giveLaunchSlot(); }
    };
    co_await supervisor_.takeLaunchSlot(vm_);
    const Slot slot{supervisor_};
    throwIfStopping();
    co_await startSidecars();
    faultPoint("c3b");
    co_await findPort();
    // The create is answered after this, and its client is promised that the record stays.
    const Durability durability = vm_->launched ? Durability::SurvivesDaemon : Durability::SurvivesPowerCut;
    const std::map<std::string, std::string> none;
    co_await supervisor_.transition(vm_, VmState::Booting, "QEMU runs the guest; waiting until it is up",
                                    Journal::OnFailure::Refuse, none, durability);
    faultPoint("c8");
}

/// A VM taken up from the daemon before this one: what the plugins want for it is asked again.
asio::awaitable<void> VmLife::recompose()
{
    if (!fragments_.empty())
        co_return;
    auto* supervisor = &supervisor_;
    auto compose = [supervisor, spec = vm_->spec, backend = vm_->backend, attesters = vm_->attesters] {
        return supervisor->compose(spec, *backend, attesters);
    };
    const auto limit = Clock::now() + supervisor_.settings_.duration("vm.launch_timeout");
    const std::function<bool()> abandoned = [vm = vm_] { return vm->stop.has_value(); };
    fragments_ = co_await supervisor_.calls_.run(compose, limit, vm_->changed, abandoned);
    auto version = [binary = supervisor_.facts_.qemuBinary] {
        return launch::qemuVersion(launch::findProgram(binary, "qemu.bin_path"));
    };
    qemuVersion_ = co_await onPool(supervisor_.pool_, version);
}

asio::awaitable<void> VmLife::findPort()
{
    bool found = co_await tryLaunch();
    for (int attempt = 2; !found; ++attempt) {
        const auto taken = *vm_->port;
        supervisor_.ports_.quarantine(taken);
        if (attempt > kMaxPortAttempts)
            throw Error(Category::ResourceExhausted,
                        "QEMU found " + std::to_string(kMaxPortAttempts) +
                            " agent ports taken, one after the other, last " + std::to_string(taken),
                        "end what listens there, or change qemu.host_fwd_range");
        vm_->port = supervisor_.ports_.take();
        supervisor_.note(*vm_, "port-retry",
                         "port " + std::to_string(taken) + " was taken by somebody else; trying " +
                             std::to_string(*vm_->port));
        found = co_await tryLaunch();
    }
}

/// False when QEMU found the agent's port taken.
asio::awaitable<bool> VmLife::tryLaunch()
{
    const auto deadline = Clock::now() + supervisor_.settings_.duration("vm.launch_timeout");
    throwIfStopping();
    const auto logStart = fileSize(vm_->dirs->paths().qemuLog());
    co_await spawnQemu(plan());
    std::exception_ptr broken;
    try {
        co_await connectQmp(deadline);
    } catch (const Error&) {
        broken = std::current_exception();
    }
    if (!broken)
        co_return true;
    throwIfStopping();
    // The connection breaks a moment before the exit is seen; only the exit says why.
    co_await endsWithin(vm_->qemu, kReapPatience);
    throwIfStopping();
    const bool ended = vm_->qemu->ended();
    const auto output = readFileAt(vm_->dirs->paths().qemuLog(), logStart, kOutputTailBytes);
    if (ended && doctor::isPortBusy(output))
        co_return false;
    // Operands of co_await are named: g++ 12 miscompiles conditional ones.
    const int waitStatus = ended ? vm_->qemu->exit()->waitStatus() : -1;
    const Error why = co_await launchFailure("qmp", output, waitStatus);
    throw Error(why);
}

asio::awaitable<void> VmLife::connectQmp(Clock::time_point deadline)
{
    // Weak: the QMP client is owned by the VM, so a handler that owned the VM would keep both alive for ever.
    const std::weak_ptr<VmLife> weak = weak_from_this();
    auto onEvent = [weak](const std::string& name, const nlohmann::json& data) {
        if (const auto life = weak.lock(); life && !isEnded(life->vm_->state))
            life->onQmpEvent(name, data);
    };
    auto abandoned = [weak] {
        const auto life = weak.lock();
        return !life || life->vm_->stop.has_value();
    };
    vm_->qmp = co_await QmpClient::connect(supervisor_.io_, vm_->dirs->paths().qmpSocket(), deadline, onEvent,
                                           vm_->changed, abandoned);
}

asio::awaitable<Error> VmLife::launchFailure(std::string stage, std::string output, int waitStatus)
{
    const plugin::Failure failure{waitStatus, stage, output, ""};
    const auto limit = Clock::now() + kDiagnoseLimit;
    auto ask = [settings = &supervisor_.settings_, backend = vm_->backend, failure, limit] {
        if (backend == nullptr || !backend->hasDiagnose())
            return std::vector<plugin::Finding>();
        return backend->diagnose(plugin::callContext(*settings, limit), failure);
    };
    const std::function<bool()> abandoned = [] { return false; };
    std::vector<plugin::Finding> findings;
    try {
        findings = co_await supervisor_.calls_.run(ask, limit, vm_->changed, abandoned);
    } catch (const Error& error) {
        supervisor_.log_.warning("a plugin could not diagnose a failure",
                                 {{"plugin", vm_->spec.backend}, {"error", error.what()}});
    }
    const auto why = doctor::explain(failure, findings);
    co_return Error(Category::FailedPrecondition,
                    why.cause + (why.evidence.empty() ? "" : " (" + why.evidence + ")"), why.remedy);
}

} // namespace teehost::vm
