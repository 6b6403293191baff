// SPDX-License-Identifier: Apache-2.0
#include "host/check_settings.h"

#include <arpa/inet.h>

#include "host/api/tls_files.h"
#include "host/base/error.h"
#include "host/base/text.h"
#include "host/launch/vm_dirs.h"
#include "host/vm/backend_choice.h"
#include "host/vm/ports.h"

namespace teehost {
namespace {

using settings::Settings;

constexpr std::uint64_t kMiB = 1u << 20;

[[noreturn]] void refuse(const Settings& settings, const std::string& key, const std::string& why,
                         const std::string& hint)
{
    const auto* effective = settings.find(key);
    const std::string written = effective == nullptr ? "" : printable(effective->text);
    const std::string source = effective == nullptr ? "unset" : effective->source;
    throw InvalidArgument(key + "=" + written + " (" + source + "): " + why, {}, hint);
}

vm::PortRange checkedRange(const Settings& settings)
{
    try {
        return vm::agentPortRange(settings);
    } catch (const Error& error) {
        refuse(settings, "qemu.host_fwd_range", error.what(), error.hint());
    }
}

void checkPorts(const Settings& settings)
{
    const auto range = checkedRange(settings);
    for (const std::string key : {"grpc.port", "http.port"})
        if (const auto port = settings.number(key); port >= range.low && port <= range.high)
            refuse(settings, key, "the port lies in the range of the agents' ports",
                   "change it or qemu.host_fwd_range");
    in_addr address{};
    if (::inet_pton(AF_INET, settings.text("qemu.host_fwd_address").c_str(), &address) != 1)
        refuse(settings, "qemu.host_fwd_address", "it is not an IPv4 address",
               "allowed: such as 127.0.0.1 or 0.0.0.0");
}

void checkMachine(const Settings& settings)
{
    for (const std::string key : {"qemu.memory.size", "qemu.memory.max"})
        if (settings.number(key) % (2 * kMiB) != 0)
            refuse(settings, key, "it is not a multiple of 2 MiB", "allowed: such as 2048M or 4G");
    if (settings.number("qemu.memory.size") > settings.number("qemu.memory.max"))
        refuse(settings, "qemu.memory.size", "it is more than qemu.memory.max", "raise qemu.memory.max");
    if (settings.number("qemu.smp.count") > settings.number("qemu.smp.maxcpus"))
        refuse(settings, "qemu.smp.count", "it is more than qemu.smp.maxcpus", "raise qemu.smp.maxcpus");
    for (const std::string key : {"qemu.cpu", "qemu.machine", "qemu.memory.id", "qemu.netdev.id"})
        if (settings.text(key).empty())
            refuse(settings, key, "it is empty", "remove the line to get the default");
    if (settings.text("qemu.monitor").starts_with("stdio"))
        refuse(settings, "qemu.monitor", "QEMU's standard input is its QMP socket",
               "use none, pty or unix:PATH,server=on,wait=off");
}

void checkNames(const Settings& settings, const plugin::Loaded& plugins,
                const settings::Environment& environment)
{
    if (const auto user = settings.text("qemu.user"); !user.empty())
        static_cast<void>(launch::lookUpAccount(user));
    static_cast<void>(vm::readSwitches(plugins, settings.table(), environment));
    const auto backend = settings.text("backend");
    const auto* chosen = plugins.find(backend);
    if (!backend.empty() && backend != "auto" && (chosen == nullptr || !chosen->info().backend))
        refuse(settings, "backend", "no loaded plugin of that id is a backend", vm::knownBackends(plugins));
    const auto attesters = settings.list("attesters");
    for (const auto& id : attesters) {
        if (attesters.size() == 1 && (id == "auto" || id == "none"))
            continue;
        const auto* plugin = plugins.find(id);
        if (plugin == nullptr || !plugin->info().attester)
            refuse(settings, "attesters", "no loaded plugin \"" + printable(id) + "\" is an attester",
                   "name plugins that `teehost backends` shows as attesters");
    }
}

} // namespace

void checkSettings(const Settings& settings, const plugin::Loaded& plugins,
                   const settings::Environment& environment)
{
    checkPorts(settings);
    checkMachine(settings);
    checkNames(settings, plugins, environment);
    for (const std::string prefix : {"grpc", "http"})
        api::checkTlsFiles(api::tlsPaths(settings, prefix), prefix);
}

} // namespace teehost
