// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/plugin.h"

#include <algorithm>
#include <mutex>

#include "host/base/text.h"
#include "host/plugin/answer_sinks.h"
#include "host/plugin/call_frame.h"
#include "host/plugin/contract.h"
#include "host/plugin/fragment_sink.h"
#include "host/plugin/host_services.h"
#include "host/plugin/request_views.h"

namespace teehost::plugin {

struct Plugin::State {
    State(std::unique_ptr<Contract> its_contract, const Log& its_log)
        : contract(std::move(its_contract)), log(its_log), services(contract->info.id, its_log)
    {
    }

    std::unique_ptr<Contract> contract;
    const Log& log;
    Services services;
    th_instance* instance = nullptr;
    std::mutex serial; ///< taken around calls of a plugin with TH_PLUGIN_SERIAL
};

/// One call into the plugin: refuses it when the table or the instance is missing, holds the lock, translates
/// failure.
class Plugin::Scope {
public:
    Scope(const Plugin& plugin, const char* what, const void* table, const CallContext& context)
        : state_(*plugin.state_), frame_(plugin.info().id, what, context, plugin.options(), state_.log)
    {
        if (table == nullptr)
            throw Error(Category::Unimplemented, "plugin " + plugin.info().id + " does not offer " + what);
        if (state_.instance == nullptr)
            throw Error(Category::FailedPrecondition, "plugin " + plugin.info().id + " has not been created");
        if (plugin.info().serial)
            lock_ = std::unique_lock(state_.serial);
    }

    [[nodiscard]] th_instance* instance() const noexcept { return state_.instance; }
    [[nodiscard]] const th_call* call() const noexcept { return frame_.call(); }
    void finish(th_status status, const Sink& sink) const { frame_.finish(status, &sink); }
    void finish(th_status status) const { frame_.finish(status); }

private:
    State& state_;
    CallFrame frame_;
    std::unique_lock<std::mutex> lock_;
};

Plugin::Plugin(std::unique_ptr<Contract> contract, const Log& log)
    : state_(std::make_unique<State>(std::move(contract), log))
{
}

Plugin::~Plugin()
{
    if (state_->instance != nullptr)
        state_->contract->plugin->destroy(state_->instance);
}

const PluginInfo& Plugin::info() const noexcept { return state_->contract->info; }
const std::vector<settings::OptionSpec>& Plugin::options() const noexcept
{
    return state_->contract->optionSpecs;
}
void Plugin::serveFetch(std::shared_ptr<FetchService> fetch)
{
    state_->services.serveFetch(std::move(fetch));
}
void Plugin::serveMachine(std::shared_ptr<MachineService> machine)
{
    state_->services.serveMachine(std::move(machine));
}

bool Plugin::created() const noexcept { return state_->instance != nullptr; }
bool Plugin::hasProbe() const noexcept { return state_->contract->probe != nullptr; }
bool Plugin::hasCompose() const noexcept { return state_->contract->compose != nullptr; }
bool Plugin::hasMeasure() const noexcept { return state_->contract->measure != nullptr; }
bool Plugin::hasVerify() const noexcept { return state_->contract->verify != nullptr; }
bool Plugin::hasEvidence() const noexcept { return state_->contract->attest != nullptr; }
bool Plugin::hasChallenge() const noexcept
{
    return hasEvidence() && state_->contract->attest->challenge != nullptr;
}
bool Plugin::hasDiagnose() const noexcept { return state_->contract->diagnose != nullptr; }
bool Plugin::hasCapacity() const noexcept { return state_->contract->capacity != nullptr; }

void Plugin::create(const CallContext& context)
{
    if (state_->instance != nullptr)
        throw Error(Category::Internal, "plugin " + info().id + " is created twice");
    const CallFrame frame(info().id, "create its instance", context, options(), state_->log);
    th_instance* made = nullptr;
    const th_status status = state_->contract->plugin->create(frame.call(), state_->services.host(), &made);
    frame.finish(status);
    if (made == nullptr)
        throw Error(Category::Internal, "plugin " + info().id + " says it made an instance and gives none");
    state_->instance = made;
}

std::vector<ProbeCheck> Plugin::probe(const CallContext& context, const VmFacts* defaults) const
{
    const Contract& contract = *state_->contract;
    const Scope scope(*this, "probe", contract.probe, context);
    const th_vm_spec vm = defaults == nullptr ? th_vm_spec{} : vmView(*defaults);
    const th_probe_request request{sizeof request, 0, defaults == nullptr ? nullptr : &vm};
    CheckSink sink(contract.probeChecks);
    scope.finish(contract.probe->run(scope.instance(), scope.call(), &request, sink.table()), sink);
    return completeProbe(contract.probeChecks, sink.finish().checks);
}

Fragment Plugin::compose(const CallContext& context, const VmFacts& vm) const
{
    const Contract& contract = *state_->contract;
    const Scope scope(*this, "compose", contract.compose, context);
    const th_vm_spec view = vmView(vm);
    FragmentSink sink(info().id);
    scope.finish(contract.compose->compose(scope.instance(), scope.call(), &view, sink.table()), sink);
    Fragment fragment = sink.finish();
    if (!fragment.raw.empty())
        state_->log.info("plugin adds raw QEMU arguments",
                         {{"plugin", info().id}, {"arguments", printable(join(fragment.raw, " "))}});
    return fragment;
}

Measurement Plugin::measure(const CallContext& context, const VmFacts& vm,
                            const std::vector<std::string>& qemuArgs) const
{
    const Contract& contract = *state_->contract;
    const Scope scope(*this, "measure", contract.measure, context);
    const th_vm_spec view = vmView(vm);
    std::vector<th_str> arguments;
    arguments.reserve(qemuArgs.size());
    for (const std::string& argument : qemuArgs)
        arguments.push_back(give(argument));
    const th_measure_request request{sizeof request, 0, &view, arguments.data(), arguments.size()};
    MeasureSink sink;
    scope.finish(contract.measure->measure(scope.instance(), scope.call(), &request, sink.table()), sink);
    return sink.finish();
}

int Plugin::recognise(const Blob& blob) const
{
    if (!hasVerify())
        return 0;
    const th_blob view = blobView(blob);
    return std::clamp(state_->contract->verify->recognise(&view), 0, 100);
}

std::vector<Named> Plugin::inspect(const CallContext& context, const Blob& evidence) const
{
    const Contract& contract = *state_->contract;
    const Scope scope(*this, "inspect", contract.verify, context);
    const th_blob view = blobView(evidence);
    ClaimSink sink;
    scope.finish(contract.verify->inspect(scope.instance(), scope.call(), &view, sink.table()), sink);
    return sink.finish();
}

VerifyResult Plugin::verify(const CallContext& context, const VerifyRequest& request) const
{
    const Contract& contract = *state_->contract;
    CallContext bounded = context;
    bounded.offline = bounded.offline || request.offline; // held here too, should the plugin pass over it
    const Scope scope(*this, "verify", contract.verify, bounded);
    expectLooksAtAll(contract.verifyChecks, request);
    const VerifyRequestView view(request);
    CheckSink sink(contract.verifyChecks);
    scope.finish(contract.verify->verify(scope.instance(), scope.call(), view.get(), sink.table()), sink);
    auto reported = sink.finish();
    return judge(contract.verifyChecks, request, std::move(reported.checks), std::move(reported.claims));
}

std::uint32_t Plugin::evidence(const CallContext& context, const VmFacts& vm) const
{
    const Contract& contract = *state_->contract;
    const Scope scope(*this, "say what it verifies", contract.attest, context);
    const th_vm_spec view = vmView(vm);
    std::uint32_t type = 0;
    scope.finish(contract.attest->evidence(scope.instance(), scope.call(), &view, &type));
    return type;
}

std::optional<std::uint32_t> Plugin::evidenceIfAny(const CallContext& context, const VmFacts& vm) const
{
    if (!hasEvidence())
        return std::nullopt;
    try {
        return evidence(context, vm);
    } catch (const Error& error) {
        if (error.category() == Category::FailedPrecondition)
            return std::nullopt;
        throw;
    }
}

std::optional<Challenge> Plugin::challenge(const CallContext& context, const VmFacts& vm,
                                           const std::vector<Blob>& evidence) const
{
    const Contract& contract = *state_->contract;
    const Scope scope(*this, "challenge", hasChallenge() ? contract.attest : nullptr, context);
    const th_vm_spec view = vmView(vm);
    const BlobViews blobs(evidence);
    const th_challenge_request request{sizeof request, 0, &view, blobs.data(), blobs.size()};
    ChallengeSink sink;
    scope.finish(contract.attest->challenge(scope.instance(), scope.call(), &request, sink.table()), sink);
    return sink.finish();
}

std::vector<Finding> Plugin::diagnose(const CallContext& context, const Failure& failure) const
{
    const Contract& contract = *state_->contract;
    const Scope scope(*this, "diagnose", contract.diagnose, context);
    const FailureView view(failure);
    FindingSink sink;
    scope.finish(contract.diagnose->diagnose(scope.instance(), scope.call(), view.get(), sink.table()), sink);
    return sink.finish();
}

std::vector<Capacity> Plugin::capacity(const CallContext& context) const
{
    const Contract& contract = *state_->contract;
    const Scope scope(*this, "report its capacity", contract.capacity, context);
    CapacitySink sink;
    scope.finish(contract.capacity->report(scope.instance(), scope.call(), sink.table()), sink);
    return sink.finish();
}

} // namespace teehost::plugin
