// SPDX-License-Identifier: Apache-2.0
#include "host/check_settings.h"

#include "host/api/tls_files.h"
#include "host/base/error.h"
#include "host/base/text.h"
#include "host/check_addresses.h"
#include "host/launch/host_dirs.h"
#include "host/launch/stand_in_files.h"
#include "host/launch/vm_dirs.h"
#include "host/vm/backend_choice.h"
#include "host/vm/ports.h"

namespace teehost {
namespace {

using settings::Findings;
using settings::Settings;

constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::string_view kQmpSocket = "qmp";
constexpr std::string_view kSidecarSocket = "swtpm.sock"; // the longest of the plugins that come with it

/// Refuses `key` with its value and where that came from. A value that is refused already says enough.
void refuse(Findings& findings, const Settings& settings, const std::string& key, const std::string& why,
            const std::string& hint)
{
    if (findings.refused(key))
        return;
    const auto* effective = settings.find(key);
    const std::string written = effective == nullptr ? "" : printable(effective->text);
    const std::string source = effective == nullptr ? "unset" : effective->source;
    findings.refuse(InvalidArgument(key + "=" + written + " (" + source + "): " + why, {}, hint), key);
}

void checkPorts(const Settings& settings, Findings& findings)
{
    vm::PortRange range;
    try {
        range = vm::agentPortRange(settings);
    } catch (const Error& error) {
        return refuse(findings, settings, "qemu.host_fwd_range", error.what(), error.hint());
    }
    const auto ports = std::to_string(range.low) + "-" + std::to_string(range.high);
    if (range.except.size() > static_cast<std::size_t>(range.high - range.low))
        refuse(findings, settings, "qemu.host_fwd_range",
               "the daemon's own ports (grpc.port, http.port) leave no port of " + ports + " for agents",
               "choose other ports or a wider range");
    else if (!range.except.empty())
        findings.warn("the agents' ports " + ports +
                      " (qemu.host_fwd_range) hold the daemon's own (grpc.port, "
                      "http.port), which no agent gets");
}

void checkMachine(const Settings& settings, Findings& findings)
{
    for (const std::string key : {"qemu.memory.size", "qemu.memory.max"})
        if (settings.number(key) % (2 * kMiB) != 0)
            refuse(findings, settings, key, "it is not a multiple of 2 MiB", "allowed: such as 2048M or 4G");
    if (settings.number("qemu.memory.size") > settings.number("qemu.memory.max"))
        refuse(findings, settings, "qemu.memory.size", "it is more than qemu.memory.max",
               "raise qemu.memory.max");
    if (settings.number("qemu.smp.count") > settings.number("qemu.smp.maxcpus"))
        refuse(findings, settings, "qemu.smp.count", "it is more than qemu.smp.maxcpus",
               "raise qemu.smp.maxcpus");
    for (const std::string key : {"qemu.cpu", "qemu.machine", "qemu.memory.id", "qemu.netdev.id"})
        if (settings.text(key).empty())
            refuse(findings, settings, key, "it is empty", "remove the line to get the default");
    if (settings.text("qemu.monitor").starts_with("stdio"))
        refuse(findings, settings, "qemu.monitor", "QEMU's standard input is its QMP socket",
               "use none, pty or unix:PATH,server=on,wait=off");
}

void checkNames(const Settings& settings, const plugin::Loaded& plugins,
                const settings::Environment& environment, Findings& findings)
{
    if (const auto user = settings.text("qemu.user"); !user.empty())
        findings.gather([&] { static_cast<void>(launch::lookUpAccount(user)); }, "qemu.user");
    static_cast<void>(vm::readSwitches(plugins, settings.table(), environment, findings));
    const auto backend = settings.text("backend");
    const auto* chosen = plugins.find(backend);
    if (!backend.empty() && backend != "auto" && (chosen == nullptr || !chosen->info().backend))
        refuse(findings, settings, "backend", "no loaded plugin of that id is a backend",
               vm::knownBackends(plugins));
    const auto attesters = settings.list("attesters");
    for (const auto& id : attesters) {
        if (attesters.size() == 1 && (id == "auto" || id == "none"))
            continue;
        const auto* plugin = plugins.find(id);
        if (plugin == nullptr || !plugin->info().attester)
            refuse(findings, settings, "attesters",
                   "no loaded plugin \"" + printable(id) + "\" is an attester",
                   "name plugins that `teehost backends` shows as attesters");
    }
}

void checkDirectories(const Settings& settings, Findings& findings)
{
    const launch::HostDirs dirs{settings.text("state.dir"), settings.text("runtime.dir"),
                                settings.text("log.dir")};
    launch::checkHostDirs(dirs, findings);
    const bool sidecars = settings.list("attesters") != std::vector<std::string>{"none"};
    launch::checkSocketRoom(dirs, sidecars ? kSidecarSocket : kQmpSocket, findings);
    for (const std::string key : {"qemu.mounts.env", "qemu.mounts.certs"}) {
        const auto extra = settings.text(key);
        if (const auto left = launch::unsharable(extra); !extra.empty() && !left.empty())
            findings.warn(key + "=" + printable(extra) + ": guests do not get " + join(left, ", ") +
                          "; only regular files and links to such are shared");
    }
}

} // namespace

void checkSettings(Settings& settings, const plugin::Loaded& plugins,
                   const settings::Environment& environment, Findings& findings)
{
    launch::standInForFirmware(settings, findings);
    launch::lookAtFiles(settings, findings);
    checkPorts(settings, findings);
    checkMachine(settings, findings);
    checkNames(settings, plugins, environment, findings);
    checkDirectories(settings, findings);
    for (const std::string prefix : {"grpc", "http"})
        findings.gather([&] { api::checkTlsFiles(api::tlsPaths(settings, prefix), prefix); });
    checkAddresses(settings, findings);
}

} // namespace teehost
