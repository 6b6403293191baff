// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <optional>

#include "diagnose.h"
#include "options.h"
#include "plugin_checks.h"
#include "probe.h"

namespace teehost::sev_snp::test {
namespace {

const backend_test::Border kBorder("sev-snp", kSevSnpOptions, kSevSnpProbeChecks);

} // namespace

Configuration configured(const Options& options)
{
    std::optional<Configuration> out;
    kBorder.call(options, [&](sdk::Call call) { out.emplace(call); });
    return *std::move(out);
}

HostFacts milanHost(const Scratch& root)
{
    root.write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme sev sev_es sev_snp debug_swap\n\n");
    root.write("sys/module/kvm_amd/parameters/sev_snp", "Y\n");
    root.addDevice("kvm");
    root.addDevice("sev");
    HostFacts host;
    host.root = root.path();
    host.cpuid = [](std::uint32_t leaf) -> std::optional<CpuidLeaf> {
        if (leaf == 1)
            return CpuidLeaf{0x00a00f11, 0, 0, 0};
        if (leaf == 0x8000001f)
            return CpuidLeaf{0x0101fd3f, 0x00004173, 509, 100}; // C-bit 51, 5 bits fewer, ASIDs 1-99
        return std::nullopt;
    };
    host.sevFirmware = [](const std::string&) -> Asked<SevFirmware> {
        return {SevFirmware{1, 55, 29, true}, {}};
    };
    host.kvmVmTypes = [](const std::string&) -> Asked<std::uint32_t> { return {0x1d, {}}; };
    return host;
}

HostFacts otherHost()
{
    HostFacts host;
    host.root = "/nonexistent";
    host.cpuid = [](std::uint32_t leaf) -> std::optional<CpuidLeaf> {
        return leaf == 1 ? std::optional(CpuidLeaf{0x000806f8, 0, 0, 0}) : std::nullopt;
    };
    host.sevFirmware = [](const std::string&) -> Asked<SevFirmware> {
        return {std::nullopt, "cannot open /dev/sev: No such file or directory"};
    };
    host.kvmVmTypes = [](const std::string&) -> Asked<std::uint32_t> { return {1, {}}; };
    return host;
}

plugin::VmFacts plainVm()
{
    plugin::VmFacts vm = backend_test::plainVm();
    vm.cpu = "EPYC-v4";
    return vm;
}

plugin::Fragment compose(const Configuration& configuration, const HostFacts& host, const plugin::VmFacts& vm)
{
    return kBorder.compose(vm, [&](const sdk::Vm& spec, sdk::Fragment out) {
        IdSignatures signatures;
        composeLaunch(configuration, host, spec, signatures, out);
    });
}

std::vector<plugin::ProbeCheck> probe(const Configuration& configuration, const HostFacts& host,
                                      const plugin::VmFacts* vm)
{
    return kBorder.probe(
        vm, [&](const sdk::Vm* spec, sdk::Checks out) { probeHost(configuration, host, spec, out); });
}

std::vector<plugin::Finding> diagnose(const std::string& stderr_tail, const std::string& qmp_error)
{
    return backend_test::Border::diagnose(stderr_tail, qmp_error, diagnoseLaunch);
}

} // namespace teehost::sev_snp::test
