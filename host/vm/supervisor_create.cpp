// SPDX-License-Identifier: Apache-2.0
//
// The way of a request to a VM: which plugin, whether the host has room, and who waits for what.
#include <algorithm>

#include "host/base/text.h"
#include "host/launch/config_digest.h"
#include "host/launch/qemu_version.h"
#include "host/launch/spawn.h"
#include "host/plugin/call_options.h"
#include "host/vm/supervisor.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kCapacityLimit = 2s;

Error givenUp(Category why)
{
    if (why == Category::DeadlineExceeded)
        return Error(why, "the VM did not start in time and was undone",
                     "raise grpc.timeout (MANAGER_GRPC_TIMEOUT) or the client's deadline");
    if (why == Category::Cancelled)
        return Error(why, "the client gave the call up; the VM was undone");
    return Error(why, "the daemon is stopping; the VM was undone", "try again when it is back");
}

/// A TTL has no limit, but a clock has.
std::chrono::system_clock::time_point deadlineAfter(std::chrono::system_clock::time_point start,
                                                    std::chrono::nanoseconds ttl)
{
    using Wall = std::chrono::system_clock;
    const auto most = Wall::time_point::max() - start;
    return start + std::min(std::chrono::duration_cast<Wall::duration>(ttl), most);
}

/// The file that the VM boots instead of firmware; empty when it boots firmware.
std::string igvmOf(const plugin::Fragment& backends)
{
    const auto& all = backends.firmware;
    const auto igvm = std::find_if(all.begin(), all.end(), [](const auto& firmware) {
        return firmware.kind == plugin::Firmware::Kind::Igvm;
    });
    return igvm == all.end() ? std::string() : igvm->path;
}

} // namespace

asio::awaitable<VmView> Supervisor::create(launch::VmRequest request, std::shared_ptr<CreateTicket> ticket)
{
    requireAccepting();
    if (const auto existing = findRepeated(request))
        co_return co_await waitForLaunch(existing, ticket);
    co_await awaitDecisions(Clock::now() + kForever, ticket);
    auto& backend = choosePlugin(request.backend);
    // Nothing of this leaves a trace: what is refused here never existed.
    struct Checked {
        launch::ValidatedVm vm;
        std::vector<plugin::Fragment> fragments;
        std::vector<plugin::Capacity> capacities;
    };
    auto reserved = ahead_->reserve(backend.info().id);
    auto check = [this, request, id = reserved.id(), &backend, attesters = attesters()] {
        Checked out{specOf(request, backend, id), {}, {}};
        out.fragments = compose(out.vm.spec, backend, attesters);
        out.vm.spec.igvm = igvmOf(out.fragments.front());
        if (backend.hasCapacity())
            out.capacities = backend.capacity(plugin::callContext(settings_, Clock::now() + kCapacityLimit));
        return out;
    };
    const auto limit = Clock::now() + settings_.duration("vm.launch_timeout");
    const std::function<bool()> abandoned = [ticket] { return ticket->givenUp().has_value(); };
    std::optional<Checked> answer;
    try {
        answer = co_await calls_.run(check, limit, ticket->changed_, abandoned);
    } catch (const Error&) {
        if (ticket->givenUp())
            throw givenUp(*ticket->givenUp());
        throw;
    }
    Checked& checked = *answer;
    // From here to the VM's place in the table nothing is awaited, so concurrent creates cannot overshoot a
    // limit.
    if (const auto existing = findRepeated(request))
        co_return co_await waitForLaunch(existing, ticket);
    const auto hugePages = hugePageBytes(checked.fragments, checked.vm.spec.memoryBytes);
    const auto vm = admit(checked.vm, backend, hugePages, checked.capacities);
    vm->ahead = reserved.claim(checked.fragments);
    const auto life =
        std::make_shared<VmLife>(*this, vm, std::move(checked.vm.secrets), std::move(checked.fragments));
    begin(life, vm, false);
    co_return co_await waitForLaunch(vm, ticket);
}

launch::ValidatedVm Supervisor::specOf(const launch::VmRequest& request, const plugin::Plugin& backend,
                                       const std::optional<VmId>& id) const
{
    launch::ValidatedVm out = launch::validate(request, settings_, id);
    out.spec.backend = backend.info().id;
    out.spec.accel = decisions_->accelFor(backend.info());
    if (backend.info().confidential)
        out.spec.configDigest = launch::configDigest(out.spec, out.secrets);
    else if (!out.spec.hostData.empty())
        throw InvalidArgument("the backend " + backend.info().id + " has no evidence to bind it into",
                              "host_data", "choose a confidential backend");
    return out;
}

launch::PlanContext Supervisor::planContext(const std::string& qemuVersion, const plugin::Plugin& backend,
                                            std::uint16_t port) const
{
    return {settings_,
            facts_.topology,
            launch::findProgram(facts_.qemuBinary, "qemu.bin_path"),
            qemuVersion,
            facts_.owner.text(),
            port,
            backend.info().confidential};
}

std::vector<plugin::Fragment> Supervisor::compose(const launch::VmSpec& spec, const plugin::Plugin& backend,
                                                  const std::vector<plugin::Plugin*>& attesters) const
{
    const auto version = launch::qemuVersion(launch::findProgram(facts_.qemuBinary, "qemu.bin_path"));
    auto facts =
        launch::vmFacts(spec, launch::VmPaths(facts_.dirs, spec.id), planContext(version, backend, 0));
    facts.igvm.clear(); // the backend says so again
    const auto call = plugin::callContext(settings_, Clock::now() + settings_.duration("vm.launch_timeout"));
    std::vector<plugin::Fragment> fragments{backend.compose(call, facts)};
    facts.igvm = igvmOf(fragments.front());
    for (const auto* attester : attesters)
        if (attester != nullptr && attester->hasCompose())
            fragments.push_back(attester->compose(call, facts));
    return fragments;
}

Demand Supervisor::demandOf(const Vm& vm) const
{
    const bool started = vm.qemu && !vm.qemu->ended();
    return {vm.spec.vcpus,    vm.spec.memoryBytes,
            vm.hugePageBytes, started ? residentBytes(vm.qemu->pid()) : 0,
            vm.spec.backend,  started};
}

Supervisor::VmPtr Supervisor::admit(launch::ValidatedVm& validated, plugin::Plugin& backend,
                                    std::uint64_t hugePages, const std::vector<plugin::Capacity>& capacities)
{
    requireAccepting();
    const auto vm = std::make_shared<Vm>(io_, validated.spec);
    vm->backend = &backend;
    vm->attesters = attesters();
    vm->hugePageBytes = hugePages;
    vm->created = vm->stateSince = std::chrono::floor<std::chrono::microseconds>(wallNow());
    if (vm->spec.ttl)
        vm->deadline = deadlineAfter(vm->created, *vm->spec.ttl);
    std::vector<Demand> living;
    for (const auto& [id, other] : vms_)
        if (!isEnded(other->state))
            living.push_back(demandOf(*other));
    requireRoom(demandOf(*vm), diskDemand(settings_), living, readHostResources(facts_.dirs), capacities,
                settings_);
    vm->port = ports_.take();
    vms_.emplace(vm->spec.id, vm);
    lookAtTtls(false);
    return vm;
}

asio::awaitable<void> Supervisor::takeLaunchSlot(VmPtr vm)
{
    waitForSlot_.push_back(vm);
    while (!vm->stop &&
           (waitForSlot_.front() != vm || launching_ >= settings_.number("vm.max_parallel_launches")))
        co_await vm->changed->waitUntil(Clock::now() + kForever);
    std::erase(waitForSlot_, vm);
    ++launching_;
    if (!waitForSlot_.empty())
        waitForSlot_.front()->changed->notify();
}

void Supervisor::giveLaunchSlot()
{
    --launching_;
    if (!waitForSlot_.empty())
        waitForSlot_.front()->changed->notify();
}

void Supervisor::decide(Decisions decisions)
{
    decisions_ = std::move(decisions);
    onDecided_->notify();
}

asio::awaitable<const Decisions*> Supervisor::decisions(Clock::time_point until)
{
    co_await awaitDecisions(until, nullptr);
    co_return decisions_ ? &*decisions_ : nullptr;
}

asio::awaitable<void> Supervisor::awaitDecisions(Clock::time_point until,
                                                 std::shared_ptr<CreateTicket> ticket)
{
    while (!decisions_ && Clock::now() < until) {
        if (ticket && ticket->givenUp())
            throw Error(*ticket->givenUp(),
                        "the host is still being probed, which a create waits for; no VM was made",
                        "GET /ready says what is pending");
        requireAccepting();
        if (ticket)
            ticket->changed_ = onDecided_; // whoever gives up notifies it
        co_await onDecided_->waitUntil(until);
    }
}

std::string Supervisor::firmwareVersion() const
{
    return decisions_ ? decisions_->firmwareVersion : settings_.text("ovmf.version");
}

std::vector<plugin::Plugin*> Supervisor::attesters() const
{
    std::vector<plugin::Plugin*> out;
    for (const auto& id : decisions_->attesters)
        out.push_back(plugins_.find(id));
    return out;
}

asio::awaitable<VmView> Supervisor::waitForLaunch(VmPtr vm, std::shared_ptr<CreateTicket> ticket)
{
    // A VM whose end was asked for while it was being launched, by a daemon that stops or by this very call,
    // is not one to tell a client of.
    const auto isThere = [vm] { return vm->launched && !vm->stop; };
    ++vm->waitingCreates;
    while (!isThere() && !isEnded(vm->state) && !leaving_) {
        // Only the last call that waits takes the VM along when it is given up.
        if (ticket->givenUp() && vm->waitingCreates > 1)
            break;
        if (ticket->givenUp() && !vm->stop)
            requestStop(*vm, {.reason = "its creation was given up", .force = true});
        // The ticket's signal cannot be awaited together with the VM's: whoever gives up notifies both.
        ticket->changed_ = vm->changed;
        co_await vm->changed->waitUntil(Clock::now() + kForever);
    }
    --vm->waitingCreates;
    if (isThere())
        co_return vm->view(agentAddress_);
    if (ticket->givenUp())
        throw givenUp(*ticket->givenUp());
    if (!accepting_)
        throw givenUp(Category::Unavailable);
    const auto outcome = vm->outcome.value_or(Outcome{Category::Internal, "", "nobody knows why", ""});
    if (outcome.failure)
        throw Error(*outcome.failure, outcome.cause, outcome.remedy);
    throw Error(Category::Aborted, "the VM was ended before it had started: " + outcome.cause);
}

Supervisor::VmPtr Supervisor::findRepeated(const launch::VmRequest& request) const
{
    const auto& key = request.idempotencyKey;
    for (const auto& [id, vm] : vms_) {
        // A VM that ended, or is about to, gives its key back: a retry after a failure is a new try.
        if (key.empty() || vm->spec.idempotencyKey != key || vm->stop || isEnded(vm->state))
            continue;
        if (vm->spec.fingerprint != request.fingerprint)
            throw Error(Category::AlreadyExists,
                        "the idempotency key \"" + key + "\" was used for another request",
                        "choose a new key");
        return vm;
    }
    return nullptr;
}

plugin::Plugin& Supervisor::choosePlugin(const std::string& id) const
{
    const std::string& wanted = id.empty() ? decisions_->backend : id;
    auto* plugin = plugins_.find(wanted);
    if (plugin != nullptr && plugin->info().backend && plugin->created())
        return *plugin;
    std::vector<std::string> known;
    for (const auto& candidate : plugins_.plugins)
        if (candidate->info().backend && candidate->created())
            known.push_back(candidate->info().id);
    throw InvalidArgument("there is no backend \"" + printable(wanted.substr(0, 64)) + "\"", "backend",
                          known.empty() ? "install one: no plugin is loaded"
                                        : "installed: " + join(known, ", "));
}

} // namespace teehost::vm
