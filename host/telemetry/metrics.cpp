// SPDX-License-Identifier: Apache-2.0
#include "host/telemetry/metrics.h"

#include <map>
#include <mutex>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace teehost::telemetry {
namespace {

using vm::VmState;

// Seconds from a VM's admission to its agent's answer: hardware takes a few, TCG up to minutes.
const prometheus::Histogram::BucketBoundaries kBootBuckets{1, 2, 4, 8, 15, 30, 60, 120, 300, 900};

} // namespace

struct Metrics::Families {
    prometheus::Registry registry;
    prometheus::Family<prometheus::Gauge>& vms = prometheus::BuildGauge()
                                                     .Name("teehost_vms")
                                                     .Help("VMs by state, ended ones not counted")
                                                     .Register(registry);
    prometheus::Family<prometheus::Counter>& transitions =
        prometheus::BuildCounter()
            .Name("teehost_vm_transitions_total")
            .Help("State changes of VMs by the state entered")
            .Register(registry);
    prometheus::Family<prometheus::Counter>& events = prometheus::BuildCounter()
                                                          .Name("teehost_vm_events_total")
                                                          .Help("Events of VMs by kind")
                                                          .Register(registry);
    prometheus::Family<prometheus::Counter>& attestations =
        prometheus::BuildCounter()
            .Name("teehost_vm_attestations_total")
            .Help("Verdicts on VMs by what they say: attested, failed, undecided")
            .Register(registry);
    prometheus::Family<prometheus::Counter>& signals =
        prometheus::BuildCounter()
            .Name("teehost_vm_up_signals_total")
            .Help("Signs of life that guests began to give, by the sign: port, guest, console, or none for "
                  "VMs that are not asked")
            .Register(registry);
    prometheus::Family<prometheus::Counter>& ends =
        prometheus::BuildCounter()
            .Name("teehost_vm_ends_total")
            .Help("VMs that ended or failed, by how (guest-shutdown, guest-panic, qemu-signal, oom-killed, "
                  "...)")
            .Register(registry);
    prometheus::Gauge& storeHealthy = prometheus::BuildGauge()
                                          .Name("teehost_store_healthy")
                                          .Help("1 when the last write to the store reached the disk, else 0")
                                          .Register(registry)
                                          .Add({});
    prometheus::Gauge& logLinesDropped =
        prometheus::BuildGauge()
            .Name("teehost_log_lines_dropped")
            .Help("Log lines that were dropped since the start because their reader stood still")
            .Register(registry)
            .Add({});
    prometheus::Histogram& boot = prometheus::BuildHistogram()
                                      .Name("teehost_vm_boot_seconds")
                                      .Help("Time from a VM's admission until it was up")
                                      .Register(registry)
                                      .Add({}, kBootBuckets);
    std::mutex mutex;
    std::map<std::string, std::chrono::system_clock::time_point> admitted; // by VM; guarded by mutex
};

Metrics::Metrics() : families_(std::make_unique<Families>())
{
    for (const auto state : {VmState::Preparing, VmState::Launching, VmState::Booting, VmState::Running,
                             VmState::Degraded, VmState::Unresponsive, VmState::Paused, VmState::Restarting,
                             VmState::Lost, VmState::Stopping, VmState::Cleaning})
        families_->vms.Add({{"state", std::string(vm::stateName(state))}}).Set(0);
}

Metrics::~Metrics() = default;

void Metrics::setStoreHealthy(bool healthy) { families_->storeHealthy.Set(healthy ? 1 : 0); }

void Metrics::setLogLinesDropped(std::uint64_t lines)
{
    families_->logLinesDropped.Set(static_cast<double>(lines));
}

void Metrics::admit(vm::VmState state)
{
    if (!vm::isEnded(state))
        families_->vms.Add({{"state", std::string(vm::stateName(state))}}).Increment();
}

void Metrics::count(const vm::Event& event)
{
    auto& all = *families_;
    all.events.Add({{"kind", event.kind}}).Increment();
    if (const auto standing = event.fields.find("standing"); standing != event.fields.end())
        all.attestations.Add({{"standing", standing->second}}).Increment();
    const bool began = event.state == VmState::Running || event.kind == "agent-open";
    if (const auto signal = event.fields.find("signal"); began && signal != event.fields.end())
        all.signals.Add({{"signal", signal->second}}).Increment();
    if (!event.state)
        return;
    const std::string name(vm::stateName(*event.state));
    all.transitions.Add({{"state", name}}).Increment();
    if (const auto end = event.fields.find("end"); end != event.fields.end())
        all.ends.Add({{"end", end->second}}).Increment();
    if (event.previous)
        all.vms.Add({{"state", std::string(vm::stateName(*event.previous))}}).Decrement();
    if (!vm::isEnded(*event.state))
        all.vms.Add({{"state", name}}).Increment();
    const std::lock_guard lock(all.mutex);
    if (!event.previous)
        all.admitted[event.vmId] = event.at;
    const auto it = all.admitted.find(event.vmId);
    if (it == all.admitted.end())
        return;
    if (*event.state == VmState::Running)
        all.boot.Observe(std::chrono::duration<double>(event.at - it->second).count());
    if (*event.state == VmState::Running || vm::isEnded(*event.state))
        all.admitted.erase(it);
}

std::string Metrics::text() const
{
    return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

} // namespace teehost::telemetry
