// SPDX-License-Identifier: Apache-2.0
#include "host/vm/records.h"

#include <nlohmann/json.hpp>

#include "host/base/json.h"
#include "host/base/text.h"
#include "host/plugin/evidence_json.h"
#include "host/plugin/plugin.h"
#include "host/vm/process_identity.h"

namespace teehost::vm {
namespace {

using nlohmann::json;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Wall = std::chrono::system_clock;

std::int64_t toUs(Wall::time_point at)
{
    return duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
}

Wall::time_point fromUs(std::int64_t us)
{
    return Wall::time_point(duration_cast<Wall::duration>(std::chrono::microseconds(us)));
}

/// Labels and keys were validated as UTF-8; what QEMU or a guest said was made printable.
std::string dumped(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

json toJson(const launch::VmSpec& spec)
{
    json out{{"backend", spec.backend},
             {"accel", spec.accel},
             {"vcpus", spec.vcpus},
             {"max_vcpus", spec.maxVcpus},
             {"memory_bytes", spec.memoryBytes},
             {"kernel", spec.kernel},
             {"initrd", spec.initrd},
             {"cmdline", spec.cmdline},
             {"host_data", toHex(spec.hostData)},
             {"config_digest", toHex(spec.configDigest)},
             {"igvm", spec.igvm},
             {"labels", spec.labels},
             {"max_restarts", spec.maxRestarts},
             {"ready", spec.ready},
             {"end_on_boot_timeout", spec.endOnBootTimeout},
             {"idempotency_key", spec.idempotencyKey},
             {"fingerprint", spec.fingerprint}};
    if (spec.ttl)
        out["ttl_ns"] = spec.ttl->count();
    return out;
}

void fromJson(const json& in, launch::VmSpec& spec)
{
    spec.backend = in.value("backend", "");
    spec.accel = in.value("accel", "");
    spec.vcpus = in.value("vcpus", 1u);
    spec.maxVcpus = in.value("max_vcpus", spec.vcpus);
    spec.memoryBytes = in.value("memory_bytes", std::uint64_t{0});
    spec.kernel = in.value("kernel", "");
    spec.initrd = in.value("initrd", "");
    spec.cmdline = in.value("cmdline", "");
    spec.hostData = parseHex(in.value("host_data", ""));
    spec.configDigest = parseHex(in.value("config_digest", ""));
    spec.igvm = in.value("igvm", "");
    spec.labels = in.value("labels", decltype(spec.labels)());
    spec.maxRestarts = in.value("max_restarts", 0u);
    spec.ready = in.value("ready", "port"); // before there was a choice
    spec.endOnBootTimeout = in.value("end_on_boot_timeout", false);
    spec.idempotencyKey = in.value("idempotency_key", "");
    spec.fingerprint = in.value("fingerprint", "");
    if (const auto ttl = in.find("ttl_ns"); ttl != in.end())
        spec.ttl = nanoseconds(ttl->get<std::int64_t>());
}

json toJson(const store::ProcessRow& identity)
{
    return {{"boot_id", identity.bootId}, {"pid", identity.pid}, {"start_ticks", identity.startTicks}};
}

json toJson(const Sidecar& sidecar)
{
    return {{"name", sidecar.name},
            {"argv", sidecar.argv},
            {"stop_timeout_ms", duration_cast<milliseconds>(sidecar.stopTimeout).count()},
            {"one_shot", sidecar.oneShot},
            {"process", toJson(sidecar.identity)}};
}

Sidecar sidecarFromJson(const json& in)
{
    const auto& process = in.at("process");
    return {in.at("name").get<std::string>(),
            in.at("argv").get<std::vector<std::string>>(),
            milliseconds(in.value("stop_timeout_ms", std::int64_t{0})),
            {process.at("boot_id").get<std::string>(), process.at("pid").get<std::int64_t>(),
             process.at("start_ticks").get<std::uint64_t>()},
            nullptr,
            in.value("one_shot", false),
            false};
}

json toJson(const StopRequest& stop)
{
    json out{{"reason", stop.reason}, {"force", stop.force}};
    if (stop.grace)
        out["grace_ms"] = duration_cast<milliseconds>(*stop.grace).count();
    return out;
}

/// The guest's time begins anew: how much of it had passed is not known.
StopRequest stopFromJson(const json& in)
{
    StopRequest stop{.reason = in.value("reason", ""), .force = in.value("force", false)};
    if (const auto grace = in.find("grace_ms"); grace != in.end())
        stop.grace = milliseconds(grace->get<std::int64_t>());
    stop.since = Clock::now();
    return stop;
}

json toJson(const Outcome& outcome)
{
    json out{{"end", outcome.end}, {"cause", outcome.cause}, {"remedy", outcome.remedy}};
    if (outcome.failure)
        out["failure"] = static_cast<int>(*outcome.failure);
    return out;
}

Outcome outcomeFromJson(const json& in)
{
    Outcome outcome{{}, in.value("end", ""), in.value("cause", ""), in.value("remedy", "")};
    if (const auto failure = in.find("failure"); failure != in.end())
        outcome.failure = static_cast<Category>(failure->get<int>());
    return outcome;
}

json toJson(const AttestationRecord& record)
{
    json out{{"standing", standingName(record.standing)},
             {"at_us", toUs(record.at)},
             {"reason", record.reason},
             {"silences", record.silences},
             {"judges", record.judges},
             {"references", json::object()},
             {"kept", json::object()}};
    for (const auto& [id, references] : record.references)
        out["references"][id] = references.missing.empty()
                                    ? json(plugin::referenceJson(references.measurement))
                                    : json{{"missing", references.missing}};
    for (const auto& [id, kept] : record.kept)
        out["kept"][id] = plugin::namedJson(kept);
    return out;
}

AttestationRecord attestationFromJson(const json& in)
{
    AttestationRecord out;
    out.standing = parseStanding(in.value("standing", ""));
    out.at = fromUs(in.value("at_us", std::int64_t{0}));
    out.reason = in.value("reason", "");
    out.silences = in.value("silences", 0u);
    out.judges = in.value("judges", out.judges);
    const auto known = in.value("references", json::object()), last = in.value("kept", json::object());
    for (const auto& [id, references] : known.items())
        if (const auto missing = references.find("missing"); missing != references.end())
            out.references[id].missing = missing->get<std::string>();
        else
            out.references[id].measurement = plugin::referenceFromJson(references);
    for (const auto& [id, kept] : last.items())
        out.kept[id] = plugin::namedFromJson(kept);
    return out;
}

void bodyFromJson(const json& body, Vm& vm)
{
    fromJson(body.at("spec"), vm.spec);
    vm.stateSince = fromUs(body.value("state_since_us", toUs(vm.created)));
    vm.launched = body.value("launched", false);
    vm.agentAnswered = body.value("agent_answered", false);
    vm.wasUp = body.value("was_up", vm.agentAnswered);
    vm.consoleStart = body.value("console_start", std::uint64_t{0});
    vm.signal =
        parseSignal(body.value("signal", "")).value_or(vm.agentAnswered ? UpSignal::Port : UpSignal::None);
    vm.cpuModel = body.value("cpu_model", "");
    vm.runDirectory = body.value("run_dir", "");
    vm.boot = body.value("boot", "");
    vm.restarts = body.value("restarts", 0u);
    vm.consoleDropped = body.value("console_dropped", std::uint64_t{0});
    vm.hugePageBytes = body.value("huge_page_bytes", std::uint64_t{0});
    vm.oomKillsAtLaunch = body.value("oom_kills", std::uint64_t{0});
    for (const auto& sidecar : body.value("sidecars", json::array()))
        vm.sidecars.push_back(sidecarFromJson(sidecar));
    if (const auto stop = body.find("stop"); stop != body.end())
        vm.stop = stopFromJson(*stop);
    if (const auto outcome = body.find("outcome"); outcome != body.end())
        vm.outcome = outcomeFromJson(*outcome);
    if (const auto attestation = body.find("attestation"); attestation != body.end())
        vm.attestation = attestationFromJson(*attestation);
}

Error unreadable(const std::string& what, const std::exception& error)
{
    return Error(Category::DataLoss, "the record of " + what + " cannot be read: " + printable(error.what()));
}

} // namespace

store::VmRow toRow(const Vm& vm, VmState state)
{
    json attesters = json::array();
    for (const auto* attester : vm.attesters)
        attesters.push_back(attester->info().id);
    const bool startsAgain = state == VmState::Restarting && vm.state != state;
    json body{{"spec", toJson(vm.spec)},
              {"attesters", attesters},
              {"state_since_us", toUs(state == vm.state ? vm.stateSince : Wall::now())},
              {"launched", vm.launched || state == VmState::Booting},
              {"agent_answered", vm.agentAnswered},
              {"was_up", vm.wasUp || state == VmState::Running},
              {"console_start", vm.consoleStart},
              {"signal", signalName(vm.signal)},
              {"cpu_model", vm.cpuModel},
              {"run_dir", vm.runDirectory},
              {"boot", bootId()},
              {"restarts", vm.restarts + (startsAgain ? 1 : 0)},
              {"console_dropped", vm.consoleDropped},
              {"huge_page_bytes", vm.hugePageBytes},
              {"oom_kills", vm.oomKillsAtLaunch},
              {"attestation", toJson(startsAgain ? AttestationRecord() : vm.attestation)}};
    for (const auto& sidecar : vm.sidecars)
        body["sidecars"].push_back(toJson(sidecar));
    if (vm.stop)
        body["stop"] = toJson(*vm.stop);
    if (vm.outcome)
        body["outcome"] = toJson(*vm.outcome);

    store::VmRow row;
    row.id = vm.spec.id.text();
    row.state = stateName(state);
    if (vm.port && !isEnded(state))
        row.port = *vm.port;
    if (!isEnded(state))
        row.qemu = vm.qemuIdentity;
    row.createdUs = toUs(vm.created);
    if (vm.deadline)
        row.ttlEnds = toUs(*vm.deadline);
    row.body = dumped(body);
    return row;
}

std::vector<std::string> fromRow(const store::VmRow& row, Vm& vm)
{
    vm.created = vm.stateSince = fromUs(row.createdUs);
    vm.qemuIdentity = row.qemu;
    if (row.ttlEnds)
        vm.deadline = fromUs(*row.ttlEnds);
    try {
        const auto state = parseState(row.state);
        if (!state)
            throw InvalidArgument("there is no state \"" + printable(row.state) + "\"");
        const auto body = parseUntrustedJson(row.body);
        bodyFromJson(body, vm);
        auto attesters = body.value("attesters", std::vector<std::string>());
        vm.state = *state;
        return attesters;
    } catch (const std::exception& error) {
        throw unreadable("VM " + printable(row.id), error);
    }
}

store::EventRow toRow(const Event& event)
{
    json body{{"kind", event.kind}, {"message", event.message}, {"fields", event.fields}};
    if (!event.idempotencyKey.empty())
        body["key"] = event.idempotencyKey;
    if (event.state)
        body["state"] = stateName(*event.state);
    if (event.previous)
        body["previous"] = stateName(*event.previous);
    return {event.seq, toUs(event.at), event.vmId, dumped(body)};
}

Event fromRow(const store::EventRow& row)
try {
    const auto body = parseUntrustedJson(row.body);
    Event event;
    event.seq = row.seq;
    event.at = fromUs(row.atUs);
    event.vmId = row.vmId;
    event.idempotencyKey = body.value("key", "");
    event.kind = body.value("kind", "");
    event.message = body.value("message", "");
    event.fields = body.value("fields", decltype(event.fields)());
    event.state = parseState(body.value("state", ""));
    event.previous = parseState(body.value("previous", ""));
    return event;
} catch (const std::exception& error) {
    throw unreadable("event " + std::to_string(row.seq), error);
}

} // namespace teehost::vm
