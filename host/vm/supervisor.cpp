// SPDX-License-Identifier: Apache-2.0
#include "host/vm/supervisor.h"

#include <algorithm>

#include "host/base/text.h"
#include "host/vm/console.h"
#include "host/vm/records.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kShutdownPatience = 10s;
constexpr auto kLookAgain = 1s; // the store's health is not signalled

} // namespace

Supervisor::Supervisor(asio::io_context& io, Workers& pool, PluginCalls& calls,
                       const settings::Settings& settings, HostFacts facts, const plugin::Loaded& plugins,
                       store::Store& store, const Log& log)
    : io_(io), pool_(pool), calls_(calls), settings_(settings), facts_(std::move(facts)), plugins_(plugins),
      onDecided_(std::make_shared<Signal>(io)), store_(store), log_(log),
      journal_(io, store, settings.number("vm.event_history")), records_(facts_.dirs.state),
      ports_(agentPortRange(settings), settings.text("qemu.host_fwd_address")),
      agentAddress_(settings.text("qemu.host_fwd_address")),
      probeAddress_(agentAddress_ == "0.0.0.0" ? "127.0.0.1" : agentAddress_), rotation_(io),
      ttlAlarm_(io, [this](bool clockSet) { lookAtTtls(clockSet); }),
      ahead_(std::make_shared<AheadPool>(io, pool, settings.number("vm.ahead"), log))
{
    spawn(io_, [this] { return rotateConsoles(); });
    spawn(io_, [this] { return fillAhead(); });
}

Supervisor::~Supervisor() = default;

void Supervisor::requireAccepting() const
{
    if (!accepting_)
        throw Error(Category::Unavailable, "the daemon is stopping", "try again when it is back");
}

void Supervisor::begin(const std::shared_ptr<VmLife>& life, const VmPtr& vm, bool adopted)
{
    spawn(
        io_, [life, adopted] { return adopted ? life->resume() : life->run(); },
        [this, life, vm](std::exception_ptr bug) {
            if (bug)
                breakOff(vm, bug);
        });
}

/// A VM that the store would not take: it never existed.
void Supervisor::dismiss(const VmPtr& vm, Outcome outcome)
{
    vm->outcome = std::move(outcome);
    vm->state = VmState::Failed;
    vm->port.reset();
    discardAhead(*vm);
    vms_.erase(vm->spec.id);
    vm->changed->notify();
}

/// Whatever step it broke off in: those who wait for its end must not wait for ever.
void Supervisor::breakOff(const VmPtr& vm, const std::exception_ptr& bug)
{
    std::string what;
    try {
        std::rethrow_exception(bug);
    } catch (const std::exception& error) {
        what = error.what();
    }
    log_.error("a vm's life broke off", {{"vm", vm->spec.id.text()}, {"error", what}});
    vm->outcome = Outcome{Category::Internal, "unknown", what, "this is a bug of teehost; please report it"};
    vm->state = VmState::Cleaning;
    spawn(io_, [this, vm, what] { return transition(vm, VmState::Failed, what, OnFailure::Retry); });
}

asio::awaitable<Supervisor::VmPtr> Supervisor::untilEnded(VmId id, StopRequest request)
{
    const auto vm = find(id.text());
    if (vm->state == VmState::Lost && !request.force)
        throw Error(Category::FailedPrecondition,
                    "it cannot be told whether the VM's process still runs: " +
                        (vm->outcome ? vm->outcome->cause : std::string("/proc is closed to the daemon")),
                    "look for it in `ps`, end it, and remove the VM with --force");
    requestStop(*vm, std::move(request));
    while (!isEnded(vm->state)) {
        if (leaving_)
            throw Error(Category::Unavailable, "the daemon is stopping; the next one goes on ending the VM",
                        "ask again when it is back");
        co_await vm->changed->waitUntil(Clock::now() + kForever);
    }
    co_return vm;
}

asio::awaitable<VmView> Supervisor::stop(VmId id, StopRequest request)
{
    const VmPtr vm = co_await untilEnded(id, std::move(request));
    co_await journal_.sync(); // its client will not be told of another end after a power cut
    co_return vm->view(agentAddress_);
}

asio::awaitable<void> Supervisor::remove(VmId id, StopRequest request)
{
    static_cast<void>(co_await untilEnded(id, std::move(request)));
    co_await forget(id, Durability::SurvivesPowerCut);
}

asio::awaitable<void> Supervisor::shutdown(Leave leave)
{
    accepting_ = false;
    onDecided_->notify();
    ahead_->changed()->notify();
    const bool all = leave == Leave::AsConfigured && settings_.text("vm.on_shutdown") == "stop";
    std::vector<VmPtr> ending;
    for (const auto& [id, vm] : vms_) {
        if (isEnded(vm->state) || vm->state == VmState::Lost)
            continue;
        if (all || !vm->launched)
            requestStop(*vm, {.reason = "the daemon stopped", .force = !vm->launched});
        if (vm->stop || vm->outcome)
            ending.push_back(vm);
    }
    // What has not ended by then is ended by the next daemon.
    const Clock::time_point deadline = all ? Clock::now() + kForever : Clock::now() + kShutdownPatience;
    const auto settled = [this](const Vm& vm) {
        // With a store that cannot be written the last word on a VM is for the next daemon to write.
        return isEnded(vm.state) || (vm.state == VmState::Cleaning && !store_.healthy());
    };
    for (const auto& vm : ending)
        while (!settled(*vm) && Clock::now() < deadline) {
            const auto again = std::min(deadline, Clock::now() + kLookAgain);
            co_await vm->changed->waitUntil(again);
        }
    // Calls that still wait for something must not keep the daemon.
    leaving_ = true;
    for (const auto& [id, vm] : vms_)
        vm->changed->notify();
    rotation_.cancel();
    co_await endAhead();
}

VmView Supervisor::get(const std::string& id) const { return find(id)->view(agentAddress_); }

std::vector<VmView> Supervisor::list() const
{
    std::vector<VmView> views;
    views.reserve(vms_.size());
    for (const auto& [id, vm] : vms_)
        views.push_back(vm->view(agentAddress_));
    std::sort(views.begin(), views.end(), [](const auto& a, const auto& b) { return a.created < b.created; });
    return views;
}

Supervisor::VmPtr Supervisor::find(const std::string& id) const
{
    if (const auto parsed = VmId::parse(id))
        if (const auto it = vms_.find(*parsed); it != vms_.end())
            return it->second;
    throw Error(Category::NotFound, "there is no VM \"" + printable(id.substr(0, 64)) + "\"",
                "`teehost list` shows the ids");
}

bool Supervisor::knows(const std::string& id) const
{
    const auto parsed = VmId::parse(id);
    return parsed && vms_.contains(*parsed);
}

Event Supervisor::eventOf(const Vm& vm, const std::string& kind, const std::string& message) const
{
    Event event;
    event.vmId = vm.spec.id.text();
    event.idempotencyKey = vm.spec.idempotencyKey;
    event.kind = kind;
    event.message = message;
    return event;
}

asio::awaitable<void> Supervisor::transition(VmPtr vm, VmState to, std::string message, OnFailure policy,
                                             std::map<std::string, std::string> fields, Durability durability)
{
    if (vm->persisted && !isLegal(vm->state, to)) {
        log_.error("illegal state change", {{"vm", vm->spec.id.text()},
                                            {"from", std::string(stateName(vm->state))},
                                            {"to", std::string(stateName(to))}});
        throw Error(Category::Internal, "illegal state change");
    }
    Event event = eventOf(*vm, "state", message);
    event.state = to;
    if (vm->persisted)
        event.previous = vm->state;
    event.fields = std::move(fields);
    const std::function<store::VmRow()> row = [vm, to] { return toRow(*vm, to); };
    const std::function<void(const Event&)> apply = [this, vm](const Event& committed) {
        enter(*vm, committed);
    };
    co_await journal_.commit(row, event, policy, apply, durability);
}

void Supervisor::enter(Vm& vm, const Event& event)
{
    // With its state: a client must not see a VM that runs, and was launched again.
    if (*event.state == VmState::Restarting && vm.state != VmState::Restarting) {
        ++vm.restarts;
        vm.attestation = {};
    }
    vm.state = *event.state;
    vm.stateSince = event.at;
    vm.persisted = true;
    // Only now: a client must not be told of a VM that the store does not have as launched.
    vm.launched = vm.launched || vm.state == VmState::Booting;
    if (vm.state == VmState::Booting && decisions_ && vm.spec.backend == decisions_->backend)
        ++launched_;
    vm.wasUp = vm.wasUp || vm.state == VmState::Running;
    ahead_->changed()->notify(); // it may no longer be in the way
    log_.info(
        "vm state",
        {{"vm", event.vmId}, {"state", std::string(stateName(vm.state))}, {"why", printable(event.message)}});
    if (isEnded(vm.state)) {
        vm.port.reset();
        discardAhead(vm);
        ended_.push_back(vm.spec.id);
        trimHistory();
    }
    vm.changed->notify();
}

void Supervisor::note(const Vm& vm, const std::string& kind, const std::string& message,
                      std::map<std::string, std::string> fields)
{
    log_.info("vm event", {{"vm", vm.spec.id.text()}, {"kind", kind}, {"what", message}});
    Event event = eventOf(vm, kind, message);
    event.fields = std::move(fields);
    journal_.note(std::move(event));
}

void Supervisor::requestStop(Vm& vm, StopRequest request)
{
    if (isEnded(vm.state))
        return;
    // The first reason stays; a later request can only make the end quicker.
    if (!vm.stop) {
        vm.stop = std::move(request);
        vm.stop->since = Clock::now();
        if (!vm.stop->grace)
            vm.stop->grace = settings_.duration("vm.stop_grace");
    } else {
        vm.stop->force = vm.stop->force || request.force;
        const Clock::duration wanted = request.grace.value_or(settings_.duration("vm.stop_grace"));
        vm.stop->grace = std::min(*vm.stop->grace, Clock::now() - vm.stop->since + wanted);
    }
    vm.changed->notify();
}

/// Ends what is due, and sets the alarm for what is next.
void Supervisor::lookAtTtls(bool clockSet)
{
    const auto now = wallNow();
    std::optional<std::chrono::system_clock::time_point> next;
    for (const auto& [id, vm] : vms_) {
        if (!vm->deadline || vm->stop || isEnded(vm->state) || vm->ofOtherDirectories)
            continue;
        if (clockSet)
            note(*vm, "clock-set",
                 "the host's clock was set; the VM's TTL still ends at the instant it was to end at");
        if (*vm->deadline <= now) {
            note(*vm, "ttl-expired", "the VM's TTL ran out");
            requestStop(*vm, {.reason = "its TTL ran out", .force = vm->state == VmState::Lost});
        } else if (!next || *vm->deadline < *next) {
            next = vm->deadline;
        }
    }
    if (next)
        ttlAlarm_.set(*next);
}

/// The logs go first: a crash in between leaves a row without logs, which can be removed again.
asio::awaitable<void> Supervisor::forget(VmId id, Durability durability)
{
    const launch::VmPaths paths(facts_.dirs, id);
    auto removeLogs = [paths] { launch::VmDirs::removeLogs(paths); };
    co_await onPool(pool_, removeLogs);
    co_await journal_.forget(id.text(), durability);
    std::erase(ended_, id);
    vms_.erase(id);
}

void Supervisor::trimHistory()
{
    while (ended_.size() > settings_.number("vm.history")) {
        const VmId oldest = ended_.front();
        ended_.pop_front();
        spawn(io_, [this, oldest] { return forget(oldest, Durability::SurvivesDaemon); });
    }
}

} // namespace teehost::vm
