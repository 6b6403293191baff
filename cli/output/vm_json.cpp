// SPDX-License-Identifier: Apache-2.0
#include "cli/output/vm_json.h"

#include <map>

#include "cli/output/vm_text.h"

namespace teehost::cli {
namespace {

Json timeOrNull(bool present, const google::protobuf::Timestamp& time)
{
    return present ? Json(formatTime(time)) : Json(nullptr);
}

Json mapToJson(const google::protobuf::Map<std::string, std::string>& map)
{
    Json json = Json::object();
    for (const auto& [key, value] : std::map<std::string, std::string>(map.begin(), map.end()))
        json[key] = value;
    return json;
}

Json stateOrNull(v1::VmState state)
{
    return state == v1::VM_STATE_UNSPECIFIED ? Json(nullptr) : Json(stateName(state));
}

Json toJson(const v1::ProbeCheck& check)
{
    return {{"id", check.id()},
            {"title", check.title()},
            {"verdict", check.verdict()},
            {"message", check.message()},
            {"remedy", check.remedy()}};
}

} // namespace

Json toJson(const v1::Vm& vm)
{
    return {{"id", vm.id()},
            {"state", stateName(vm.state())},
            {"backend", vm.backend()},
            {"accel", vm.accel()},
            {"cpu_model", vm.cpu_model()},
            {"vcpus", vm.vcpus()},
            {"memory_bytes", vm.memory_bytes()},
            {"agent_address", vm.agent_address()},
            {"agent_port", vm.agent_port()},
            {"pid", vm.pid()},
            {"created", timeOrNull(vm.has_created(), vm.created())},
            {"state_since", timeOrNull(vm.has_state_since(), vm.state_since())},
            {"deadline", timeOrNull(vm.has_deadline(), vm.deadline())},
            {"labels", mapToJson(vm.labels())},
            {"max_restarts", vm.max_restarts()},
            {"restarts", vm.restarts()},
            {"ready", vm.ready()},
            {"up_signal", vm.up_signal()},
            {"agent_protocol", vm.agent_protocol()},
            {"attestation", standingName(vm.attestation())},
            {"attested", timeOrNull(vm.has_attested(), vm.attested())},
            {"attestation_reason", vm.attestation_reason()},
            {"cause", vm.cause()},
            {"remedy", vm.remedy()},
            {"firmware_version", vm.firmware_version()},
            {"eos_version", vm.eos_version()},
            {"kernel", vm.kernel()},
            {"initrd", vm.initrd()},
            {"cmdline", vm.cmdline()},
            {"idempotency_key", vm.idempotency_key()}};
}

Json toJson(const v1::Event& event)
{
    return {{"seq", event.seq()},
            {"at", timeOrNull(event.has_at(), event.at())},
            {"vm_id", event.vm_id()},
            {"kind", event.kind()},
            {"message", event.message()},
            {"state", stateOrNull(event.state())},
            {"previous", stateOrNull(event.previous())},
            {"fields", mapToJson(event.fields())}};
}

Json toJson(const v1::Backend& backend)
{
    Json checks = Json::array();
    for (const auto& check : backend.checks())
        checks.push_back(toJson(check));
    return {{"id", backend.id()},
            {"version", backend.version()},
            {"vendor", backend.vendor()},
            {"license", backend.license()},
            {"summary", backend.summary()},
            {"is_backend", backend.is_backend()},
            {"is_attester", backend.is_attester()},
            {"confidential", backend.confidential()},
            {"needs_kvm", backend.needs_kvm()},
            {"usable", backend.usable()},
            {"selected", backend.selected()},
            {"path", backend.path()},
            {"checks", std::move(checks)}};
}

Json toJson(const v1::ConfigOption& option)
{
    return {{"key", option.key()},
            {"value", option.value()},
            {"source", option.source()},
            {"type", option.type()},
            {"help", option.help()}};
}

} // namespace teehost::cli
