// SPDX-License-Identifier: Apache-2.0
#include "host/doctor/kvm_probe.h"

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "host/base/json.h"
#include "host/base/text.h"

namespace teehost::doctor {
namespace {

using namespace std::chrono_literals;

constexpr auto kChildLimit = 3s; // the guest's own deadline is 200 ms; a loaded host needs room

} // namespace

std::string toLine(const KvmProbeResult& result)
{
    return nlohmann::json{{"verdict", static_cast<int>(result.verdict)},
                          {"message", result.message},
                          {"remedy", result.remedy},
                          {"ns_per_iteration", result.nsPerIteration},
                          {"ns_per_exit", result.nsPerExit}}
        .dump();
}

KvmProbeResult fromLine(std::string_view line)
{
    const auto json = parseUntrustedJson(trim(line));
    const auto verdict = json.is_object() ? json.value("verdict", nlohmann::json()) : nlohmann::json();
    if (!verdict.is_number_unsigned() || verdict > static_cast<unsigned>(KvmVerdict::Broken))
        throw InvalidArgument("the KVM probe printed no verdict");
    try {
        return {static_cast<KvmVerdict>(verdict.get<unsigned>()), json.value("message", ""),
                json.value("remedy", ""), json.value("ns_per_iteration", 0.0),
                json.value("ns_per_exit", 0.0)};
    } catch (const nlohmann::json::type_error& error) {
        throw InvalidArgument(std::string("the KVM probe printed a value of another type: ") + error.what());
    }
}

KvmProbeResult probeKvm(const std::string& program)
{
    try {
        const auto child = runHelper({program, "--probe-kvm"}, kChildLimit);
        if (child.timedOut)
            return {KvmVerdict::Emulated, "the probe guest did not end, and the probe had to be killed",
                    "use another host, or set qemu.enable_kvm=false"};
        return fromLine(child.output);
    } catch (const std::exception& error) {
        return {KvmVerdict::Broken, std::string("the KVM probe failed: ") + error.what(),
                "set qemu.enable_kvm=false"};
    }
}

} // namespace teehost::doctor
