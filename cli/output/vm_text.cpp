// SPDX-License-Identifier: Apache-2.0
#include "cli/output/vm_text.h"

#include <algorithm>
#include <map>

#include "cli/input/duration.h"
#include "cli/input/size.h"
#include "cli/output/instant.h"
#include "cli/output/table.h"

namespace teehost::cli {
namespace {

using std::chrono::nanoseconds;
using std::chrono::system_clock;

nanoseconds sinceEpoch(const google::protobuf::Timestamp& time)
{
    // Years 1748 to 2191: the difference of two such times fits into 64 bits of nanoseconds as well. A
    // timestamp outside of them is the daemon's mistake; it must not overflow here.
    constexpr std::int64_t kLimit = 7'000'000'000;
    const std::int64_t seconds = std::clamp<std::int64_t>(time.seconds(), -kLimit, kLimit);
    return std::chrono::seconds(seconds) + nanoseconds(time.nanos());
}

std::string formatDeadline(const v1::Vm& vm, system_clock::time_point now)
{
    if (!vm.has_deadline())
        return {};
    const nanoseconds left = sinceEpoch(vm.deadline()) - now.time_since_epoch();
    return formatTime(vm.deadline()) +
           (left.count() > 0 && !isEnded(vm.state()) ? ", in " + formatDuration(left) : "");
}

std::string formatState(const v1::Vm& vm, system_clock::time_point now)
{
    const std::string name = stateName(vm.state());
    return vm.has_state_since() ? name + ", for " + formatAge(vm.state_since(), now) : name;
}

/// The strongest sign of life that was seen, in words.
std::string formatUpSignal(const v1::Vm& vm)
{
    if (vm.up_signal() == "port")
        return "a program listens on the agent's port" +
               (vm.agent_protocol().empty() ? "" : " (" + vm.agent_protocol() + ")");
    if (vm.up_signal() == "guest")
        return "the guest's network answers; no program listens on the agent's port";
    if (vm.up_signal() == "console")
        return "the console shows the boot marker";
    if (vm.up_signal() == "none")
        return vm.ready() == "none" ? "not looked for" : "none yet";
    return vm.up_signal();
}

std::string formatBackend(const v1::Vm& vm)
{
    return vm.accel().empty() ? vm.backend() : vm.backend() + " (" + vm.accel() + ")";
}

std::string formatAttestation(const v1::Vm& vm, system_clock::time_point now)
{
    if (!vm.has_attested())
        return {};
    return standingName(vm.attestation()) + ", " + formatAge(vm.attested(), now) + " ago" +
           (vm.attestation() == v1::ATTESTATION_STANDING_ATTESTED ? "" : ": " + vm.attestation_reason());
}

} // namespace

std::string stateName(v1::VmState state)
{
    switch (state) {
    case v1::VM_STATE_UNSPECIFIED:
        return "unknown";
    case v1::VM_STATE_PREPARING:
        return "preparing";
    case v1::VM_STATE_LAUNCHING:
        return "launching";
    case v1::VM_STATE_BOOTING:
        return "booting";
    case v1::VM_STATE_RUNNING:
        return "running";
    case v1::VM_STATE_DEGRADED:
        return "degraded";
    case v1::VM_STATE_UNRESPONSIVE:
        return "unresponsive";
    case v1::VM_STATE_PAUSED:
        return "paused";
    case v1::VM_STATE_RESTARTING:
        return "restarting";
    case v1::VM_STATE_LOST:
        return "lost";
    case v1::VM_STATE_STOPPING:
        return "stopping";
    case v1::VM_STATE_CLEANING:
        return "cleaning";
    case v1::VM_STATE_STOPPED:
        return "stopped";
    case v1::VM_STATE_FAILED:
        return "failed";
    default:
        return "state-" + std::to_string(static_cast<int>(state));
    }
}

std::string standingName(v1::AttestationStanding standing)
{
    switch (standing) {
    case v1::ATTESTATION_STANDING_ATTESTED:
        return "attested";
    case v1::ATTESTATION_STANDING_FAILED:
        return "failed";
    case v1::ATTESTATION_STANDING_UNDECIDED:
        return "undecided";
    default:
        return "unknown";
    }
}

bool isEnded(v1::VmState state) noexcept
{
    return state == v1::VM_STATE_STOPPED || state == v1::VM_STATE_FAILED;
}

std::string formatTime(const google::protobuf::Timestamp& time) { return formatInstant(sinceEpoch(time)); }

std::string formatAge(const google::protobuf::Timestamp& time, system_clock::time_point now)
{
    return formatDuration(std::max<nanoseconds>(now.time_since_epoch() - sinceEpoch(time), nanoseconds(0)));
}

std::string formatLabels(const google::protobuf::Map<std::string, std::string>& labels)
{
    const std::map<std::string, std::string> sorted(labels.begin(), labels.end());
    std::string text;
    for (const auto& [key, value] : sorted)
        text += (text.empty() ? "" : ", ") + key + "=" + value;
    return text;
}

std::string describeVm(const v1::Vm& vm, system_clock::time_point now)
{
    FieldList fields;
    fields.add("id", vm.id());
    fields.add("state", formatState(vm, now));
    fields.add("sign of life", isEnded(vm.state()) ? "" : formatUpSignal(vm));
    fields.add("up when", vm.ready());
    fields.add("cause", vm.cause());
    fields.add("remedy", vm.remedy());
    fields.add("attestation", formatAttestation(vm, now));
    fields.add("agent", vm.agent_address());
    fields.add("backend", formatBackend(vm));
    fields.add("cpu", vm.cpu_model());
    fields.add("vcpus", vm.vcpus() == 0 ? "" : std::to_string(vm.vcpus()));
    fields.add("memory", vm.memory_bytes() == 0 ? "" : formatSize(vm.memory_bytes()));
    fields.add("firmware", vm.firmware_version());
    fields.add("guest image", vm.eos_version());
    fields.add("kernel", vm.kernel());
    fields.add("initrd", vm.initrd());
    fields.add("cmdline", vm.cmdline());
    fields.add("labels", formatLabels(vm.labels()));
    fields.add("pid", vm.pid() == 0 ? "" : std::to_string(vm.pid()));
    fields.add("created", vm.has_created() ? formatTime(vm.created()) : "");
    fields.add("restarts", vm.max_restarts() == 0
                               ? ""
                               : std::to_string(vm.restarts()) + " of " + std::to_string(vm.max_restarts()));
    fields.add("ttl ends", formatDeadline(vm, now));
    return fields.render();
}

} // namespace teehost::cli
