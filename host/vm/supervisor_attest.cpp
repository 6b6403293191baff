// SPDX-License-Identifier: Apache-2.0
//
// What attestation needs to know of a VM, and what becomes of a verdict.
#include "host/base/text.h"
#include "host/launch/launch_plan.h"
#include "host/plugin/plugin.h"
#include "host/vm/supervisor.h"

namespace teehost::vm {
AttestationSubject Supervisor::subject(const std::string& id) const
{
    const auto vm = find(id);
    if (!hasRun(vm->state) || !vm->port)
        throw Error(Category::FailedPrecondition,
                    "the VM is " + std::string(stateName(vm->state)) + ": its agent cannot be asked",
                    "ask again when it runs; `teehost list` shows the states");
    if (vm->backend == nullptr)
        throw Error(Category::FailedPrecondition,
                    "the VM's backend " + printable(vm->spec.backend) + " is not loaded any more",
                    "install the plugin again and restart the daemon");
    AttestationSubject out;
    out.agent = probeAddress_ + ":" + std::to_string(*vm->port);
    // QEMU's program may be another one by now, or none: it has nothing to do with a VM that runs.
    const launch::PlanContext context{settings_,
                                      facts_.topology,
                                      facts_.qemuBinary,
                                      {},
                                      facts_.owner.text(),
                                      *vm->port,
                                      vm->backend->info().confidential};
    out.facts = launch::vmFacts(vm->spec, launch::VmPaths(facts_.dirs, vm->spec.id), context);
    for (const auto* plugin : vm->plugins())
        if (plugin->hasEvidence())
            out.plugins.push_back(plugin);
    out.record = vm->attestation;
    if (out.plugins.empty() && out.record.judges.empty())
        throw Error(Category::FailedPrecondition, "nothing attests this VM: none of its plugins can",
                    "set attesters, to attest-vtpm for instance, or use a confidential backend");
    out.launch = vm->launchSerial;
    out.changed = vm->changed;
    out.agentSpoke = [vm] { vm->agentSpoke = Clock::now(); };
    out.ended = [this, vm, launch = out.launch] { return hasEnded(*vm, launch); };
    return out;
}

bool Supervisor::hasEnded(const Vm& vm, std::uint64_t launch) const
{
    return leaving_ || vm.stop || vm.outcome || !hasRun(vm.state) || vm.launchSerial != launch || !vm.qemu ||
           vm.qemu->ended();
}

asio::awaitable<void> Supervisor::record(std::string id, std::uint64_t launch, Verdict verdict)
{
    const auto vm = find(id);
    const auto judgement = std::make_shared<Judgement>(Judgement{std::move(verdict), launch, false});
    if (!hasEnded(*vm, launch))
        vm->judgements.push_back(judgement);
    vm->changed->notify();
    while (!judgement->recorded && !hasEnded(*vm, launch))
        co_await vm->changed->waitUntil(Clock::now() + kForever);
    if (!judgement->recorded)
        throw Error(Category::Aborted, "the VM stopped running while it was being attested",
                    "attest it when it runs again");
}

} // namespace teehost::vm
