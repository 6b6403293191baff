// SPDX-License-Identifier: Apache-2.0
#include "host/preflight.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>

#include "host/attest/fetcher.h"
#include "host/attest/https_on_demand.h"
#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "host/base/text.h"
#include "host/launch/fw_cfg.h"
#include "host/launch/qemu_version.h"
#include "host/launch/spawn.h"
#include "host/vm/backend_choice.h"

namespace teehost {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCollateralDirectory = "collateral";
constexpr auto kPackageQueryLimit = std::chrono::seconds(5);

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
void servePlugins(const settings::Settings& settings, const plugin::Loaded& plugins, const Log& log)
{
    attest::holdHttpsLibrary();
    const auto fetcher = std::make_shared<attest::Fetcher>(
        attest::fetcherOptions(settings, fs::path(settings.text("state.dir")) / kCollateralDirectory),
        attest::kHttpsOnDemand, log);
    const auto machines = std::make_shared<launch::QemuMachines>(settings.text("qemu.bin_path"));
    for (const auto& plugin : plugins.plugins) {
        plugin->serveFetch(fetcher);
        plugin->serveMachine(machines);
    }
}

/// Returns what the operator says, or the version of the package that the firmware came from; empty when
/// there is neither.
std::string firmwareVersion(const settings::Settings& settings)
{
    if (const auto configured = settings.text("ovmf.version"); !configured.empty())
        return configured;
    try {
        const auto path = settings.text("ovmf.code.file");
        if (!path.starts_with('/'))
            return {}; // "none"
        const auto owner = runHelper({"dpkg-query", "--search", path}, kPackageQueryLimit);
        const auto package = owner.output.substr(0, owner.output.find(':'));
        const auto version =
            runHelper({"dpkg-query", "--show", "--showformat=${Version}", package}, kPackageQueryLimit);
        return owner.ok() && version.ok() ? printable(trim(version.output)) : std::string();
    } catch (const Error&) {
        return {}; // not a Debian host
    }
}

/// Asks QEMU, so that the probes of the plugins have the answer at once.
void rememberQemuVersion(const settings::Settings& settings)
{
    try {
        static_cast<void>(
            launch::qemuVersion(launch::findProgram(settings.text("qemu.bin_path"), "qemu.bin_path")));
    } catch (const Error&) {
        // The probes say it.
    }
}

} // namespace

vm::ProbeResults preparePlugins(const settings::Settings& settings, const plugin::Loaded& plugins,
                                const Log& log)
{
    servePlugins(settings, plugins, log);
    return vm::createPlugins(plugins, settings, log);
}

bool insists(const settings::Settings& settings, const settings::Environment& environment,
             const plugin::Loaded& plugins)
{
    const auto backend = settings.text("backend");
    const auto attesters = settings.list("attesters");
    const bool named = (!backend.empty() && backend != "auto") ||
                       std::any_of(attesters.begin(), attesters.end(),
                                   [](const auto& name) { return name != "auto" && name != "none"; });
    settings::Findings ignored; // preflight() gives them
    return named || settings.flagOrAuto("qemu.enable_kvm").value_or(false) ||
           vm::readSwitches(plugins, settings.table(), environment, ignored).wanted;
}

vm::Decisions preflight(const settings::Settings& settings, const settings::Environment& environment,
                        const plugin::Loaded& plugins, const vm::ProbeResults& created, Pending& pending,
                        const Log& log, settings::Findings& findings)
{
    vm::Decisions out;
    {
        // Comes first, because a daemon that has just begun to serve has better use for the other processors
        // than the programs that are started below.
        const Pending::Piece piece(pending, "the digests of plugins");
        plugins.tellDigests(log);
    }
    auto firmware = std::async(std::launch::async, [&] {
        const Pending::Piece piece(pending, "the firmware's version");
        return firmwareVersion(settings);
    });
    auto qemu = std::async(std::launch::async, [&] {
        const Pending::Piece piece(pending, "QEMU's version");
        rememberQemuVersion(settings);
    });
    const auto kvm = [&] {
        const Pending::Piece piece(pending, "KVM");
        return probeKvmIfWanted(settings, plugins, log);
    }();
    qemu.get();
    out.probes = created;
    vm::probePlugins(plugins, settings, kvm, pending, log, out.probes);
    out.accelFor = [kvm, enabled = settings.flagOrAuto("qemu.enable_kvm")](const plugin::PluginInfo& info) {
        return vm::chooseAccel(info, enabled, kvm);
    };
    const auto switches = vm::readSwitches(plugins, settings.table(), environment, findings);
    if (!findings.refused("attesters"))
        out.attesters = vm::chooseAttesters(plugins, out.probes, settings, log);
    if (!findings.refused("backend"))
        findings.gather(
            [&] { out.backend = vm::chooseBackend(plugins, out.probes, settings, switches, log); },
            "backend");
    // Asked now, so that MANAGER_QEMU_ENABLE_KVM=true on a host without KVM stops the start.
    if (const auto* backend = plugins.find(out.backend))
        findings.gather([&] { out.accel = out.accelFor(backend->info()); });
    out.firmwareVersion = firmware.get();
    return out;
}

} // namespace teehost
