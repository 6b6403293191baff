// SPDX-License-Identifier: Apache-2.0
#include "cli/attest/measurement_file.h"

#include <set>

#include <nlohmann/json.hpp>

#include "cli/attest/claims.h"
#include "cli/failure.h"
#include "cli/output/escape.h"
#include "cli/output/table.h"
#include "host/base/error.h"
#include "host/base/json.h"
#include "host/base/text.h"
#include "host/plugin/evidence_json.h"

namespace teehost::cli {
namespace {

using plugin::Measurement;

Json measurementJson(const Measured& measured)
{
    Json events = Json::array();
    for (const auto& event : measured.measurement.events)
        events.push_back({{"register", event.reg},
                          {"algorithm", plugin::algName(event.alg)},
                          {"what", event.what},
                          {"source", event.source},
                          {"digest", toHex(event.digest)}});
    Json json{{"backend", measured.plugin}};
    json.update(plugin::referenceJson(measured.measurement));
    json["events"] = std::move(events);
    return json;
}

constexpr const char* kAnyWillDo = "Of a register with several digests, any of them will do.\n";

bool hasAlternatives(const Measurement& measurement)
{
    std::set<std::pair<std::string, plugin::DigestAlg>> seen;
    for (const auto& reg : measurement.registers)
        if (!seen.emplace(reg.name, reg.alg).second)
            return true;
    return false;
}

std::string registersText(const Measurement& measurement)
{
    if (measurement.registers.empty())
        return "none\n";
    Table table({{"REGISTER"}, {"ALGORITHM"}, {"DIGEST"}});
    for (const auto& reg : measurement.registers)
        table.add({reg.name, plugin::algName(reg.alg), toHex(reg.digest)});
    return table.render() + (hasAlternatives(measurement) ? kAnyWillDo : "");
}

std::string eventsText(const Measurement& measurement)
{
    Table table({{"NUMBER", Align::Right}, {"REGISTER"}, {"WHAT"}, {"SOURCE"}, {"DIGEST"}});
    std::size_t number = 0;
    for (const auto& event : measurement.events)
        table.add({std::to_string(++number), event.reg, event.what, event.source, toHex(event.digest)});
    return table.render();
}

std::string measurementText(const Measured& measured)
{
    const auto& measurement = measured.measurement;
    std::string text = "Computed by " + escapeLine(measured.plugin) + "\n\n" + registersText(measurement);
    if (!measurement.values.empty())
        text += "\nOther values\n" + claimsText(measurement.values);
    if (!measurement.events.empty())
        text += "\nWhat went into them, in order\n" + eventsText(measurement);
    return text;
}

Measurement readReference(const nlohmann::json& json)
{
    Measurement out = plugin::referenceFromJson(json);
    if (out.registers.empty() && out.values.empty())
        throw InvalidArgument("it has neither registers nor values, so that anything would fit it");
    return out;
}

/// The part of `json` that `pluginId` computed: the whole, or one of its attesters.
const nlohmann::json& partOf(const nlohmann::json& json, const std::string& pluginId)
{
    const std::string made = plugin::textMember(json, "backend");
    if (made == pluginId)
        return json;
    if (json.contains("attesters"))
        for (const auto& part : plugin::arrayMember(json, "attesters"))
            if (plugin::textMember(part, "backend") == pluginId)
                return part;
    throw InvalidArgument("it was computed by \"" + printable(made) + "\", not by " + pluginId);
}

/// Returns the source of the VM's size when no option of measure says it.
std::string usedText(const plugin::VmFacts& vm)
{
    const std::string room = vm.memorySlots == 0 ? std::string("none can be added")
                                                 : "up to " + formatSize(vm.maxMemoryBytes) + " in " +
                                                       std::to_string(vm.memorySlots) + " slots";
    Table table({{"WHAT"}, {"VALUE"}, {"FROM"}});
    table.add({"vCPUs", std::to_string(vm.vcpus) + ", up to " + std::to_string(vm.maxVcpus),
               "--cpus, qemu.smp.maxcpus"});
    table.add(
        {"memory", formatSize(vm.memoryBytes) + ", " + room, "--memory, qemu.memory.slots, qemu.memory.max"});
    table.add({"machine", vm.machine, "--machine, qemu.machine"});
    table.add({"CPU", vm.cpu + " under " + vm.accel, "--cpu, qemu.enable_kvm"});
    table.add(
        {"QEMU", vm.qemuVersion.empty() ? "of no particular version" : vm.qemuVersion, "--qemu-version"});
    return "\nComputed for this VM, and for nothing that this machine has\n" + table.render();
}

Json usedJson(const plugin::VmFacts& vm)
{
    return {{"vcpus", vm.vcpus},
            {"max_vcpus", vm.maxVcpus},
            {"memory", vm.memoryBytes},
            {"memory_slots", vm.memorySlots},
            {"max_memory", vm.maxMemoryBytes},
            {"machine", vm.machine},
            {"cpu", vm.cpu},
            {"accel", vm.accel},
            {"qemu_version", vm.qemuVersion}};
}

} // namespace

Json measurementsJson(const std::vector<Measured>& measured, const plugin::VmFacts& vm)
{
    Json json = measurementJson(measured.front());
    json["used"] = usedJson(vm);
    Json attesters = Json::array();
    for (std::size_t i = 1; i < measured.size(); ++i)
        attesters.push_back(measurementJson(measured[i]));
    json["attesters"] = std::move(attesters);
    return json;
}

std::string measurementsText(const std::vector<Measured>& measured, const plugin::VmFacts& vm)
{
    std::string text;
    for (const auto& one : measured)
        text += (text.empty() ? "" : "\n") + measurementText(one);
    return text + usedText(vm);
}

Measurement readMeasurement(std::string_view text, const std::string& pluginId, std::string_view option)
{
    try {
        return readReference(partOf(parseUntrustedJson(text), pluginId));
    } catch (const Error& error) {
        throw UsageFailure(std::string(option) + ": the file is of no use: " + error.what(),
                           "make it with: teehost measure --output json");
    }
}

bool hasMeasurement(std::string_view text, const std::string& pluginId)
{
    try {
        static_cast<void>(partOf(parseUntrustedJson(text), pluginId));
        return true;
    } catch (const Error&) {
        return false;
    }
}

} // namespace teehost::cli
