// SPDX-License-Identifier: Apache-2.0
#include "host/vm/backend_choice.h"

#include <algorithm>
#include <future>

#include "host/base/async.h"
#include "host/base/error.h"
#include "host/base/text.h"
#include "host/launch/launch_plan.h"
#include "host/launch/qemu_version.h"
#include "host/launch/spawn.h"
#include "host/plugin/call_options.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kSwitchPrefix = "MANAGER_QEMU_ENABLE_";
constexpr auto kCreateLimit = 10s;
constexpr auto kProbeLimit = 10s;

bool isOn(const std::string& name, const std::string& text)
{
    settings::OptionSpec spec;
    spec.key = name;
    spec.type = settings::OptionType::Bool;
    try {
        return std::get<bool>(settings::parseValue(spec, text, "/"));
    } catch (const Error& error) {
        throw InvalidArgument(name + "=" + printable(text) + " (environment): " + error.what(), {},
                              error.hint());
    }
}

const plugin::Plugin* bySwitch(const plugin::Loaded& loaded, const std::string& name)
{
    for (const auto& plugin : loaded.plugins)
        if (plugin->info().selectEnv == name)
            return plugin.get();
    return nullptr;
}

plugin::ProbeCheck kvmCheck(const plugin::PluginInfo& info, const doctor::KvmProbeResult& kvm)
{
    const auto otherwise = info.needsKvm ? plugin::Verdict::Fail : plugin::Verdict::Warn;
    return {"host.kvm",
            "A probe guest runs under KVM",
            kvm.usable() ? plugin::Verdict::Pass : otherwise,
            kvm.message,
            kvm.remedy,
            info.needsKvm};
}

/// Empty when there is no QEMU to ask: whether it exists is the launch's question.
std::string qemuVersionIfKnown(const settings::Settings& settings)
{
    try {
        return launch::qemuVersion(launch::findProgram(settings.text("qemu.bin_path"), "qemu.bin_path"));
    } catch (const Error&) {
        return {};
    }
}

/// The VM that the settings describe, as a probe sees it. QEMU's path is left as configured.
plugin::VmFacts defaultFacts(const settings::Settings& settings, const plugin::PluginInfo& info,
                             const doctor::KvmProbeResult& kvm)
{
    launch::VmSpec spec;
    spec.accel = info.needsKvm || (kvm.usable() && settings.flagOrAuto("qemu.enable_kvm").value_or(true))
                     ? "kvm"
                     : "tcg";
    spec.vcpus = static_cast<std::uint32_t>(settings.number("qemu.smp.count"));
    spec.maxVcpus = static_cast<std::uint32_t>(settings.number("qemu.smp.maxcpus"));
    spec.memoryBytes = settings.number("qemu.memory.size");
    if (!settings.flag("qemu.disk.enable")) {
        spec.kernel = settings.text("qemu.kernel.file");
        spec.initrd = settings.text("qemu.kernel.initrd");
        spec.cmdline = settings.text("qemu.kernel.cmdline");
    }
    const launch::HostDirs dirs{settings.text("state.dir"), settings.text("runtime.dir"),
                                settings.text("log.dir")};
    const launch::PlanContext context{
        settings, {}, settings.text("qemu.bin_path"), qemuVersionIfKnown(settings), "", 0, info.confidential};
    return launch::vmFacts(spec, launch::VmPaths(dirs, spec.id), context);
}

void fail(ProbedPlugin& result, const plugin::Plugin& plugin, const Error& error, const Log& log)
{
    result.failure = describe(error);
    log.warning("a plugin is not usable", {{"plugin", plugin.info().id}, {"why", result.failure}});
}

void probe(const plugin::Plugin& plugin, const settings::Settings& settings,
           const doctor::KvmProbeResult& kvm, ProbedPlugin& result)
{
    const auto defaults = defaultFacts(settings, plugin.info(), kvm);
    if (plugin.hasProbe())
        result.checks = plugin.probe(plugin::callContext(settings, Clock::now() + kProbeLimit), &defaults);
    if (plugin.info().backend)
        result.checks.push_back(kvmCheck(plugin.info(), kvm));
    result.usable = std::none_of(result.checks.begin(), result.checks.end(),
                                 [](const auto& check) { return check.blocks(); });
}

std::string whyUnusable(const ProbedPlugin& probed)
{
    if (!probed.failure.empty())
        return probed.failure;
    for (const auto& check : probed.checks)
        if (check.blocks())
            return check.title + ": " + check.message;
    return "its probe did not pass";
}

std::string chooseNamed(const plugin::Loaded& loaded, const ProbeResults& probes, const std::string& id,
                        const Log& log)
{
    const auto* plugin = loaded.find(id);
    if (plugin == nullptr || !plugin->info().backend)
        throw Error(Category::FailedPrecondition, "the backend \"" + printable(id) + "\" is not there",
                    knownBackends(loaded));
    const auto& probed = probes.at(id);
    if (!probed.failure.empty())
        throw Error(Category::FailedPrecondition,
                    "the backend \"" + id + "\" cannot be used: " + probed.failure);
    // A host that cannot run it now may be repaired while the daemon runs, and each launch checks again.
    if (!probed.usable)
        log.warning("the configured backend is not usable yet",
                    {{"backend", id}, {"why", whyUnusable(probed)}});
    return id;
}

} // namespace

std::string knownBackends(const plugin::Loaded& loaded)
{
    std::vector<std::string> ids;
    for (const auto& plugin : loaded.plugins)
        if (plugin->info().backend)
            ids.push_back(plugin->info().id);
    return ids.empty() ? "no plugin is loaded; see plugins.dir" : "loaded: " + join(ids, ", ");
}

namespace {

void readSwitch(const plugin::Loaded& loaded, const std::string& name, const std::string& text,
                Switches& switches, settings::Findings& findings)
{
    const auto* plugin = bySwitch(loaded, name);
    if (!isOn(name, text)) {
        findings.warn(name + "=" + printable(text) + " (environment) has no effect: " +
                      (plugin == nullptr
                           ? "no loaded plugin is a backend of that name"
                           : "the best backend that this host can run is taken, also " + plugin->info().id +
                                 "; set backend (MANAGER_BACKEND) to choose"));
        return;
    }
    if (plugin == nullptr)
        throw InvalidArgument(name + "=true asks for a backend that no loaded plugin provides", {},
                              "install the plugin, or unset the variable");
    if (switches.wanted)
        throw InvalidArgument(name + "=true contradicts the switch of the backend " + *switches.wanted, {},
                              "switch on one of them");
    switches.wanted = plugin->info().id;
}

} // namespace

Switches readSwitches(const plugin::Loaded& loaded, const settings::OptionTable& table,
                      const settings::Environment& environment, settings::Findings& findings)
{
    Switches switches;
    for (const auto& [name, written] : environment)
        if (name.starts_with(kSwitchPrefix) && table.findByEnvironment(name) == nullptr)
            if (const auto text = settings::unwrapped(written); !text.empty())
                findings.gather([&] { readSwitch(loaded, name, text, switches, findings); });
    return switches;
}

ProbeResults createPlugins(const plugin::Loaded& loaded, const settings::Settings& settings, const Log& log)
{
    ProbeResults results;
    for (const auto& plugin : loaded.plugins) {
        auto& result = results[plugin->info().id];
        try {
            plugin->create(plugin::callContext(settings, Clock::now() + kCreateLimit));
        } catch (const Error& error) {
            fail(result, *plugin, error, log);
        }
    }
    return results;
}

void probePlugins(const plugin::Loaded& loaded, const settings::Settings& settings,
                  const doctor::KvmProbeResult& kvm, Pending& pending, const Log& log, ProbeResults& results)
{
    std::vector<std::future<void>> probing;
    for (const auto& plugin : loaded.plugins) {
        auto& result = results[plugin->info().id];
        if (result.failure.empty())
            probing.push_back(std::async(std::launch::async, [&, one = plugin.get()] {
                const Pending::Piece piece(pending, "plugin " + one->info().id);
                try {
                    probe(*one, settings, kvm, result);
                } catch (const Error& error) {
                    fail(result, *one, error, log);
                }
            }));
    }
    for (auto& one : probing)
        one.get();
}

std::string chooseBackend(const plugin::Loaded& loaded, const ProbeResults& probes,
                          const settings::Settings& settings, const Switches& switches, const Log& log)
{
    const std::string configured = settings.text("backend");
    const bool automatic = configured.empty() || configured == "auto";
    if (!automatic && switches.wanted && *switches.wanted != configured)
        throw InvalidArgument("backend=" + configured +
                                  " contradicts the environment's MANAGER_QEMU_ENABLE_ switches",
                              {}, "unset one of them");
    if (!automatic || switches.wanted)
        return chooseNamed(loaded, probes, switches.wanted.value_or(configured), log);

    std::vector<const plugin::Plugin*> candidates;
    for (const auto& plugin : loaded.plugins)
        if (plugin->info().backend)
            candidates.push_back(plugin.get());
    std::stable_partition(candidates.begin(), candidates.end(),
                          [](const auto* plugin) { return plugin->info().confidential; });
    std::string passedOver;
    for (const auto* plugin : candidates) {
        const auto& id = plugin->info().id;
        const auto& probed = probes.at(id);
        if (!probed.usable) {
            passedOver += (passedOver.empty() ? "" : "; ") + id + ": " + whyUnusable(probed);
            continue;
        }
        if (plugin->info().confidential)
            log.info("backend chosen",
                     {{"backend", id}, {"why", "the first confidential one this host can run"}});
        else
            log.warning("backend chosen: its VMs are not confidential",
                        {{"backend", id},
                         {"why", passedOver.empty() ? "no confidential backend is installed or switched on"
                                                    : passedOver}});
        return id;
    }
    throw Error(Category::FailedPrecondition,
                "no backend can run on this host" + (passedOver.empty() ? std::string() : ": " + passedOver),
                knownBackends(loaded));
}

std::vector<std::string> chooseAttesters(const plugin::Loaded& loaded, const ProbeResults& probes,
                                         const settings::Settings& settings, const Log& log)
{
    const auto named = settings.list("attesters");
    if (named == std::vector<std::string>{"none"})
        return {};
    const bool automatic = named == std::vector<std::string>{"auto"};
    std::vector<std::string> out = automatic ? std::vector<std::string>() : named;
    for (const auto& plugin : loaded.plugins) {
        const auto& info = plugin->info();
        if (automatic ? !info.attester || info.backend
                      : std::find(named.begin(), named.end(), info.id) == named.end())
            continue;
        const auto& probed = probes.at(info.id);
        if (!probed.usable)
            log.warning(automatic ? "an attester is left out: this host cannot run it"
                                  : "an attester is used that this host may not be able to run",
                        {{"attester", info.id}, {"why", whyUnusable(probed)}});
        if (automatic && probed.usable)
            out.push_back(info.id);
    }
    return out;
}

std::string chooseAccel(const plugin::PluginInfo& backend, std::optional<bool> enableKvm,
                        const doctor::KvmProbeResult& kvm)
{
    const bool required = backend.needsKvm || enableKvm.value_or(false);
    if (required && !kvm.usable())
        throw Error(Category::FailedPrecondition,
                    "KVM is required (" +
                        std::string(backend.needsKvm ? "the backend " + backend.id + " needs it"
                                                     : "qemu.enable_kvm=true") +
                        ") but does not work here: " + kvm.message,
                    backend.needsKvm
                        ? kvm.remedy
                        : kvm.remedy + "; qemu.enable_kvm=auto (MANAGER_QEMU_ENABLE_KVM) takes KVM where "
                                       "it works, and TCG elsewhere");
    if (required)
        return "kvm";
    return enableKvm.value_or(true) && kvm.usable() ? "kvm" : "tcg";
}

} // namespace teehost::vm
