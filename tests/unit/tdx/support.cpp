// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <optional>

#include "tdx/diagnose.h"
#include "tdx/options.h"
#include "tdx/plugin_checks.h"
#include "tdx/probe.h"

namespace teehost::tdx::test {
namespace {

const backend_test::Border kBorder("tdx", kTdxOptions, kTdxProbeChecks);

} // namespace

Configuration configured(const Options& options)
{
    std::optional<Configuration> out;
    kBorder.call(options, [&](sdk::Call call) { out.emplace(call); });
    return *std::move(out);
}

std::string refusalOf(const Options& options)
{
    try {
        static_cast<void>(configured(options));
    } catch (const std::exception& e) {
        return e.what();
    }
    return {};
}

HostFacts goodHost(const Scratch& root)
{
    root.write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme tdx_host_platform user_shstk\n\n");
    root.write("sys/module/kvm_intel/parameters/tdx", "Y\n");
    root.write("sys/fs/cgroup/misc.capacity", "sgx_epc 100\ntdx 31\n");
    root.write("sys/fs/cgroup/misc.current", "sgx_epc 0\ntdx 4\n");
    root.addDevice("kvm");
    HostFacts host;
    host.root = root.path();
    host.kvmVmTypes = [](const std::string&) -> Asked<std::uint32_t> { return {0x21, {}}; };
    host.tdxCapabilities = [](const std::string&) -> Asked<TdxCapabilities> {
        return {TdxCapabilities{attribute::kAll, 0x6dbe7}, {}};
    };
    host.qgs = [](const QgsAddress&, QgsLook) -> Asked<QgsPlatform> { return {QgsPlatform{0, 8, 13}, {}}; };
    return host;
}

HostFacts otherHost()
{
    HostFacts host;
    host.root = "/nonexistent";
    host.kvmVmTypes = [](const std::string&) -> Asked<std::uint32_t> { return {1, {}}; };
    host.tdxCapabilities = [](const std::string&) -> Asked<TdxCapabilities> {
        return {std::nullopt, "KVM makes no TD: Invalid argument"};
    };
    host.qgs = [](const QgsAddress&, QgsLook) -> Asked<QgsPlatform> {
        return {std::nullopt, "the quote generation service at vsock 2:4050 cannot be reached"};
    };
    return host;
}

plugin::Fragment compose(const Configuration& configuration, const HostFacts& host, const plugin::VmFacts& vm)
{
    return kBorder.compose(
        vm, [&](const sdk::Vm& spec, sdk::Fragment out) { composeLaunch(configuration, host, spec, out); });
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

} // namespace teehost::tdx::test
