// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "cli/client/client.h"
#include "cli/client/vm_lookup.h"
#include "cli/output/json.h"
#include "cli/output/table.h"
#include "cli/output/vm_json.h"
#include "cli/output/vm_text.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost info 3f2a
  teehost info
  teehost info 3f2a --output json | jq -r .agent_address)";

/// Settings that decide what a VM is when its creator does not.
constexpr std::string_view kDefaults[] = {
    "backend",
    "attesters",
    "qemu.machine",
    "qemu.cpu",
    "qemu.enable_kvm",
    "qemu.smp.count",
    "qemu.memory.size",
    "qemu.kernel.file",
    "qemu.kernel.initrd",
    "qemu.kernel.cmdline",
    "qemu.host_fwd_range",
    "vm.max",
};

bool decidesDefaults(const v1::ConfigOption& option)
{
    return std::find(std::begin(kDefaults), std::end(kDefaults), option.key()) != std::end(kDefaults);
}

void showVm(const std::string& typed, Session& session)
{
    Client& client = session.client();
    v1::GetVmRequest request;
    request.set_id(resolveVmId(client, typed));
    const v1::Vm vm = client.getVm(request);
    if (session.json())
        printJson(session.out(), toJson(vm));
    else
        session.out() << describeVm(vm, std::chrono::system_clock::now());
}

void showDaemon(Session& session)
{
    Client& client = session.client();
    const auto config = client.getConfig();
    Json defaults = Json::object();
    FieldList fields("  ");
    for (const auto& option : config.options())
        if (decidesDefaults(option)) {
            defaults[option.key()] = option.value();
            fields.add(option.key(), option.value().empty() ? "-" : option.value());
        }
    if (session.json())
        return printJson(session.out(), {{"address", client.address()},
                                         {"daemon_version", config.daemon_version()},
                                         {"instance_id", config.instance_id()},
                                         {"defaults", std::move(defaults)}});
    FieldList daemon;
    daemon.add("daemon", "teehostd " + config.daemon_version() + " at " + client.address());
    daemon.add("instance", config.instance_id());
    session.out() << daemon.render() << "\nA new VM gets, unless its creator says otherwise:\n"
                  << fields.render();
}

} // namespace

void addInfo(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "info", kExamples);
    const auto id = std::make_shared<std::string>();
    command.option("ID", *id, "VM to show").value("ID");
    command.onRun([id, &session, command] {
        if (command.given("ID"))
            showVm(*id, session);
        else
            showDaemon(session);
    });
}

} // namespace teehost::cli
