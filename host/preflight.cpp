// SPDX-License-Identifier: Apache-2.0
#include "host/preflight.h"

#include <filesystem>

#include "host/base/error.h"
#include "host/launch/fw_cfg.h"

namespace teehost {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCollateralDirectory = "collateral";

doctor::KvmProbeResult probeKvmIfWanted(const settings::Settings& settings, const plugin::Loaded& plugins,
                                        const Log& log)
{
    const auto enabled = settings.flagOrAuto("qemu.enable_kvm");
    bool needed = enabled.value_or(true);
    for (const auto& plugin : plugins.plugins)
        needed = needed || plugin->info().needsKvm;
    if (!needed)
        return {doctor::KvmVerdict::Missing, "qemu.enable_kvm=false", "set qemu.enable_kvm", 0, 0};
    const auto result = doctor::probeKvm(fs::read_symlink("/proc/self/exe").string());
    log.info("kvm probed", {{"usable", result.usable() ? "true" : "false"},
                            {"what", result.message},
                            {"ns_per_iteration", std::to_string(result.nsPerIteration)},
                            {"ns_per_exit", std::to_string(result.nsPerExit)}});
    if (!result.usable() && !enabled.has_value())
        log.warning("VMs run on TCG, which is slow and only for development: KVM does not work here",
                    {{"why", result.message}, {"remedy", result.remedy}});
    return result;
}

/// Collateral and QEMU's machines for every plugin, from before its instance is made.
std::shared_ptr<attest::Fetcher> servePlugins(const settings::Settings& settings,
                                              const plugin::Loaded& plugins, const Log& log)
{
    auto fetcher = std::make_shared<attest::Fetcher>(
        attest::fetcherOptions(settings, fs::path(settings.text("state.dir")) / kCollateralDirectory),
        attest::kCurl, log);
    const auto machines = std::make_shared<launch::QemuMachines>(settings.text("qemu.bin_path"));
    for (const auto& plugin : plugins.plugins) {
        plugin->serveFetch(fetcher);
        plugin->serveMachine(machines);
    }
    return fetcher;
}

} // namespace

Preflight preflight(const settings::Settings& settings, const settings::Environment& environment,
                    const plugin::Loaded& plugins, const Log& log, settings::Findings& findings)
{
    Preflight out;
    out.fetcher = servePlugins(settings, plugins, log);
    out.kvm = probeKvmIfWanted(settings, plugins, log);
    out.probes = vm::probePlugins(plugins, settings, out.kvm, log);
    const auto switches = vm::readSwitches(plugins, settings.table(), environment, findings);
    if (!findings.refused("attesters"))
        out.attesters = vm::chooseAttesters(plugins, out.probes, settings, log);
    if (findings.refused("backend"))
        return out;
    findings.gather([&] { out.backend = vm::chooseBackend(plugins, out.probes, settings, switches, log); },
                    "backend");
    // Asked now, so that MANAGER_QEMU_ENABLE_KVM=true on a host without KVM stops the start.
    if (const auto* backend = plugins.find(out.backend))
        findings.gather([&] {
            out.accel = vm::chooseAccel(backend->info(), settings.flagOrAuto("qemu.enable_kvm"), out.kvm);
        });
    return out;
}

} // namespace teehost
