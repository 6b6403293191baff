// SPDX-License-Identifier: Apache-2.0
#include "host/vm/supervisor.h"

#include <algorithm>

#include <boost/asio/detached.hpp>

#include "host/base/text.h"
#include "host/vm/console.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kRotationInterval = 5s;
constexpr auto kForever = 24h * 365;

Error givenUp(Category why)
{
    if (why == Category::DeadlineExceeded)
        return Error(why, "the VM did not start in time and was undone",
                     "raise grpc.timeout (MANAGER_GRPC_TIMEOUT) or the client's deadline");
    if (why == Category::Cancelled)
        return Error(why, "the client gave the call up; the VM was undone");
    return Error(why, "the daemon is stopping; the VM was undone", "try again when it is back");
}

} // namespace

Supervisor::Supervisor(asio::io_context& io, asio::thread_pool& pool, const settings::Settings& settings,
                       HostFacts facts, Backends backends, const Log& log)
    : io_(io), pool_(pool), settings_(settings), facts_(std::move(facts)), backends_(std::move(backends)),
      log_(log), ports_(agentPortRange(settings), settings.text("qemu.host_fwd_address")),
      agentAddress_(settings.text("qemu.host_fwd_address")),
      probeAddress_(agentAddress_ == "0.0.0.0" ? "127.0.0.1" : agentAddress_), rotation_(io)
{
    asio::co_spawn(
        io_, [this]() -> asio::awaitable<void> { co_await rotateConsoles(); }, asio::detached);
}

Supervisor::~Supervisor() = default;

asio::awaitable<VmView> Supervisor::create(launch::VmRequest request, std::shared_ptr<CreateTicket> ticket)
{
    if (!accepting_)
        throw Error(Category::Unavailable, "the daemon is stopping", "try again when it is back");
    if (const auto existing = findRepeated(request))
        co_return co_await waitForLaunch(existing, ticket);
    auto& backend = choosePlugin(request.backend);
    const auto accel = backends_.accelFor(backend.info());
    auto check = [this, request] { return launch::validate(request, settings_); };
    auto validated = co_await onPool(pool_, check);
    // From here to the VM's place in the table nothing is awaited, so concurrent creates cannot overshoot a
    // limit.
    if (const auto existing = findRepeated(request))
        co_return co_await waitForLaunch(existing, ticket);
    validated.spec.backend = backend.info().id;
    validated.spec.accel = accel;
    const auto vm = admit(validated);
    vm->backend = &backend;
    for (const auto& id : backends_.attesters)
        vm->attesters.push_back(backends_.plugins.find(id));
    const auto life = std::make_shared<VmLife>(*this, vm, std::move(validated.secrets));
    asio::co_spawn(
        io_, [life]() -> asio::awaitable<void> { co_await life->run(); },
        [this, life, vm](std::exception_ptr bug) {
            if (bug)
                breakOff(*vm, bug);
        });
    co_return co_await waitForLaunch(vm, ticket);
}

void Supervisor::breakOff(Vm& vm, const std::exception_ptr& bug)
{
    try {
        std::rethrow_exception(bug);
    } catch (const std::exception& error) {
        log_.error("a vm's life broke off", {{"vm", vm.spec.id.text()}, {"error", error.what()}});
        vm.cause = error.what();
    }
    // Whatever step it broke off in: those who wait for its end must not wait for ever.
    vm.failure = Category::Internal;
    vm.remedy = "this is a bug of teehost; please report it";
    vm.state = VmState::Cleaning;
    transition(vm, VmState::Failed, vm.cause);
}

Supervisor::VmPtr Supervisor::admit(launch::ValidatedVm& validated)
{
    if (!accepting_)
        throw Error(Category::Unavailable, "the daemon is stopping", "try again when it is back");
    const auto living = static_cast<std::uint64_t>(std::count_if(
        vms_.begin(), vms_.end(), [](const auto& entry) { return !isEnded(entry.second->state); }));
    const auto limit = settings_.number("vm.max");
    if (limit != 0 && living >= limit)
        throw Error(Category::ResourceExhausted,
                    "this host already has " + std::to_string(living) + " VMs, its limit is " +
                        std::to_string(limit),
                    "remove a VM, or raise vm.max (MANAGER_MAX_VMS)");
    const auto vm = std::make_shared<Vm>(io_, validated.spec);
    vm->port = ports_.take();
    if (vm->spec.ttl)
        vm->deadline =
            vm->created + std::chrono::duration_cast<std::chrono::system_clock::duration>(*vm->spec.ttl);
    vms_.emplace(vm->spec.id, vm);
    Event event;
    event.vmId = vm->spec.id.text();
    event.idempotencyKey = vm->spec.idempotencyKey;
    event.kind = "state";
    event.message = "the VM is being prepared";
    event.state = VmState::Preparing;
    event.fields = {
        {"backend", vm->spec.backend}, {"accel", vm->spec.accel}, {"agent_port", std::to_string(*vm->port)}};
    log_.info("vm admitted", {{"vm", event.vmId}, {"backend", vm->spec.backend}, {"accel", vm->spec.accel}});
    events_.append(std::move(event));
    armTtl(vm);
    return vm;
}

asio::awaitable<VmView> Supervisor::waitForLaunch(VmPtr vm, std::shared_ptr<CreateTicket> ticket)
{
    ++vm->waitingCreates;
    while (!vm->launched && !isEnded(vm->state)) {
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
    if (vm->launched)
        co_return vm->view(agentAddress_);
    if (ticket->givenUp())
        throw givenUp(*ticket->givenUp());
    if (!accepting_)
        throw givenUp(Category::Unavailable);
    if (vm->failure != Category::Unknown)
        throw Error(vm->failure, vm->cause, vm->remedy);
    throw Error(Category::Aborted, "the VM was ended before it had started: " + vm->cause);
}

asio::awaitable<VmView> Supervisor::stop(VmId id, StopRequest request)
{
    const auto vm = find(id.text());
    requestStop(*vm, std::move(request));
    while (!isEnded(vm->state))
        co_await vm->changed->waitUntil(Clock::now() + kForever);
    co_return vm->view(agentAddress_);
}

asio::awaitable<void> Supervisor::remove(VmId id, StopRequest request)
{
    co_await stop(id, std::move(request));
    forget(id);
}

asio::awaitable<void> Supervisor::shutdown()
{
    accepting_ = false;
    std::vector<VmPtr> living;
    for (const auto& [id, vm] : vms_)
        if (!isEnded(vm->state)) {
            requestStop(*vm, {.reason = "the daemon stopped"});
            living.push_back(vm);
        }
    for (const auto& vm : living)
        while (!isEnded(vm->state))
            co_await vm->changed->waitUntil(Clock::now() + kForever);
    rotation_.cancel();
}

VmView Supervisor::get(const std::string& id) const { return find(id)->view(agentAddress_); }

std::vector<VmView> Supervisor::list() const
{
    std::vector<VmView> views;
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
    const std::string& wanted = id.empty() ? backends_.defaultBackend : id;
    auto* plugin = backends_.plugins.find(wanted);
    if (plugin != nullptr && plugin->info().backend && plugin->created())
        return *plugin;
    std::vector<std::string> known;
    for (const auto& candidate : backends_.plugins.plugins)
        if (candidate->info().backend && candidate->created())
            known.push_back(candidate->info().id);
    throw InvalidArgument("there is no backend \"" + printable(wanted.substr(0, 64)) + "\"", "backend",
                          known.empty() ? "install one: no plugin is loaded"
                                        : "installed: " + join(known, ", "));
}

void Supervisor::transition(Vm& vm, VmState to, const std::string& message)
{
    if (!isLegal(vm.state, to)) {
        log_.error("illegal state change", {{"vm", vm.spec.id.text()},
                                            {"from", std::string(stateName(vm.state))},
                                            {"to", std::string(stateName(to))}});
        throw Error(Category::Internal, "a VM cannot go from " + std::string(stateName(vm.state)) + " to " +
                                            std::string(stateName(to)));
    }
    Event event;
    event.vmId = vm.spec.id.text();
    event.idempotencyKey = vm.spec.idempotencyKey;
    event.kind = "state";
    event.message = message;
    event.state = to;
    event.previous = std::exchange(vm.state, to);
    vm.stateSince = std::chrono::system_clock::now();
    log_.info("vm state", {{"vm", event.vmId}, {"state", std::string(stateName(to))}, {"why", message}});
    events_.append(std::move(event));
    if (isEnded(to)) {
        ended_.push_back(vm.spec.id);
        trimHistory();
    }
    vm.changed->notify();
}

void Supervisor::note(const Vm& vm, const std::string& kind, const std::string& message,
                      std::map<std::string, std::string> fields)
{
    log_.info("vm event", {{"vm", vm.spec.id.text()}, {"kind", kind}, {"what", message}});
    Event event;
    event.vmId = vm.spec.id.text();
    event.idempotencyKey = vm.spec.idempotencyKey;
    event.kind = kind;
    event.message = message;
    event.fields = std::move(fields);
    events_.append(std::move(event));
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

void Supervisor::armTtl(const VmPtr& vm)
{
    if (!vm->deadline)
        return;
    vm->ttlTimer.expires_at(*vm->deadline);
    vm->ttlTimer.async_wait([this, weak = std::weak_ptr(vm)](const boost::system::error_code& error) {
        const auto alive = weak.lock();
        if (error || !alive || isEnded(alive->state))
            return;
        note(*alive, "ttl-expired", "the VM's TTL ran out");
        requestStop(*alive, {.reason = "its TTL ran out"});
    });
}

void Supervisor::forget(const VmId& id)
{
    const auto it = vms_.find(id);
    if (it == vms_.end())
        return;
    const launch::VmPaths paths(facts_.dirs, id);
    asio::post(pool_, [paths] { launch::VmDirs::removeLogs(paths); });
    std::erase(ended_, id);
    vms_.erase(it);
}

void Supervisor::trimHistory()
{
    while (ended_.size() > settings_.number("vm.history"))
        forget(VmId(ended_.front()));
}

asio::awaitable<Supervisor::ConsoleBytes> Supervisor::readConsole(std::string id, std::uint64_t offset,
                                                                  std::size_t limit)
{
    const auto vm = find(id);
    const auto path = launch::VmPaths(facts_.dirs, vm->spec.id).consoleLog();
    ConsoleBytes out;
    out.offset = std::max(offset, vm->consoleDropped);
    auto read = [path, at = out.offset - vm->consoleDropped, limit] { return readFileAt(path, at, limit); };
    out.data = co_await onPool(pool_, read);
    co_return out;
}

std::uint64_t Supervisor::consoleEnd(const std::string& id) const
{
    const auto vm = find(id);
    return vm->consoleDropped + fileSize(launch::VmPaths(facts_.dirs, vm->spec.id).consoleLog());
}

asio::awaitable<void> Supervisor::rotateConsoles()
{
    const auto limit = settings_.number("vm.console_limit");
    while (accepting_) {
        rotation_.expires_after(kRotationInterval);
        boost::system::error_code cancelled;
        co_await rotation_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        const auto snapshot = vms_;
        for (const auto& [id, vm] : snapshot) {
            if (!vm->qemu || isEnded(vm->state))
                continue;
            const launch::VmPaths paths(facts_.dirs, id);
            auto rotate = [paths, limit] {
                static_cast<void>(rotateLog(paths.qemuLog(), limit));
                return rotateLog(paths.consoleLog(), limit);
            };
            vm->consoleDropped += co_await onPool(pool_, rotate);
        }
    }
}

} // namespace teehost::vm
