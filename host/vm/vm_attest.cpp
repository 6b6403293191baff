// SPDX-License-Identifier: Apache-2.0
//
// The part of a VM's life that attestation touches: what its evidence must show, computed before QEMU reads
// the same files, and the verdicts that come of it.
#include "host/base/text.h"
#include "host/plugin/call_options.h"
#include "host/vm/records.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

constexpr std::string_view kKept = "kept.";

std::vector<plugin::Named> keptOf(const plugin::VerifyResult& result)
{
    std::vector<plugin::Named> out;
    for (const auto& claim : result.claims)
        if (claim.key.starts_with(kKept))
            out.push_back({claim.key.substr(kKept.size()), claim.value});
    return out;
}

/// "PLUGIN:CHECK,…" of the checks that stand against acceptance.
std::string failedChecks(const Verdict& verdict)
{
    std::vector<std::string> out;
    for (const auto& one : verdict.plugins)
        for (const auto& check : one.result.checks)
            if (check.verdict == plugin::Verdict::Fail || check.verdict == plugin::Verdict::Error)
                out.push_back(one.plugin + ":" + check.id);
    return join(out, ",");
}

void remember(const Verdict& verdict, AttestationRecord& out)
{
    out.silences = verdict.agentSilent ? out.silences + 1 : 0;
    // Good evidence over a nonce that a client chose may have been prepared by somebody who knew it.
    if (verdict.standing == Standing::Attested && !verdict.ownNonce)
        return;
    out.standing = verdict.standing;
    out.at = verdict.at;
    out.reason = verdict.reason;
    if (verdict.standing == Standing::Attested)
        for (const auto& one : verdict.plugins)
            if (!one.relied)
                out.kept[one.plugin] = keptOf(one.result);
}

/// Also when it cannot be told now: it will be asked again when the VM is attested.
bool hasEvidenceOf(const plugin::Plugin& plugin, const plugin::CallContext& call,
                   const plugin::VmFacts& facts)
{
    try {
        return plugin.evidenceIfAny(call, facts).has_value();
    } catch (const Error&) {
        return true;
    }
}

/// By every plugin that judges the VM's evidence and can say what it must be. Blocks.
AttestationRecord measureAll(const std::vector<plugin::Plugin*>& plugins, const plugin::CallContext& call,
                             const plugin::VmFacts& facts, const std::vector<std::string>& arguments)
{
    AttestationRecord out;
    for (const auto* plugin : plugins) {
        if (!hasEvidenceOf(*plugin, call, facts))
            continue;
        const std::string& id = plugin->info().id;
        out.judges.push_back(id);
        if (!plugin->hasMeasure())
            continue;
        References& to = out.references[id];
        try {
            to.measurement = plugin->measure(call, facts, arguments);
            to.measurement.events.clear();
            if (to.measurement.registers.empty())
                to.missing = "nothing of such a VM can be computed beforehand";
        } catch (const Error& error) {
            to.missing = printable(error.what());
        }
    }
    return out;
}

/// When the plugins did not come to an end: they will judge all the same, against nothing.
AttestationRecord unmeasured(const std::vector<plugin::Plugin*>& plugins, const Error& why)
{
    AttestationRecord out;
    for (const auto* plugin : plugins)
        if (plugin->hasEvidence()) {
            out.judges.push_back(plugin->info().id);
            out.references[plugin->info().id].missing = printable(why.what());
        }
    return out;
}

} // namespace

asio::awaitable<void> VmLife::measure()
{
    ++vm_->launchSerial;
    vm_->judgements.clear();
    vm_->attestation = {};
    const auto plugins = vm_->plugins();
    auto arguments = plan().argv;
    arguments.erase(arguments.begin());
    const auto limit = Clock::now() + supervisor_.settings_.duration("vm.launch_timeout");
    auto work = [plugins, arguments, call = plugin::callContext(supervisor_.settings_, limit),
                 facts = launch::vmFacts(vm_->spec, vm_->dirs->paths(), planContext())] {
        return measureAll(plugins, call, facts, arguments);
    };
    const std::function<bool()> abandoned = [vm = vm_] { return vm->stop.has_value(); };
    try {
        vm_->attestation = co_await supervisor_.calls_.run(work, limit, vm_->changed, abandoned);
    } catch (const Error& error) {
        if (error.category() != Category::DeadlineExceeded)
            throw;
        vm_->attestation = unmeasured(plugins, error);
    }
    for (const auto& [id, references] : vm_->attestation.references)
        if (!references.missing.empty())
            supervisor_.note(*vm_, "not-measured",
                             id +
                                 " cannot say what the VM's evidence must show, so that it will not count as "
                                 "attested: " +
                                 references.missing,
                             {{"plugin", id}});
}

/// Here and nowhere else, so that the rows of a VM are written in the order of what happened to it.
asio::awaitable<void> VmLife::recordVerdicts()
{
    while (!vm_->judgements.empty()) {
        const auto judgement = vm_->judgements.front();
        vm_->judgements.pop_front();
        if (judgement->launch != vm_->launchSerial)
            continue; // of a launch that is over
        const Verdict& verdict = judgement->verdict;
        const std::string id = vm_->spec.id.text(), standing(standingName(verdict.standing));
        const std::string checks = failedChecks(verdict);
        Event event = supervisor_.eventOf(*vm_, "attestation", verdict.reason);
        event.fields = {{"standing", standing}, {"nonce", toHex(verdict.nonce)}};
        if (!checks.empty())
            event.fields["checks"] = checks;
        const LogFields words{
            {"vm", id}, {"standing", standing}, {"why", printable(verdict.reason)}, {"checks", checks}};
        supervisor_.log_.write(verdict.standing == Standing::Attested ? LogLevel::Info : LogLevel::Warning,
                               "vm attestation", words);
        remember(verdict, vm_->attestation);
        const std::function<store::VmRow()> row = [vm = vm_] { return toRow(*vm, vm->state); };
        const std::function<void(const Event&)> apply = [](const Event&) {};
        co_await supervisor_.journal_.commit(row, event, Journal::OnFailure::GoOn, apply);
        judgement->recorded = true;
        vm_->changed->notify();
    }
}

} // namespace teehost::vm
