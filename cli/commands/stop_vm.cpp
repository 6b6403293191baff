// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include "cli/client/client.h"
#include "cli/client/proto_duration.h"
#include "cli/client/vm_lookup.h"
#include "cli/input/option_types.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "cli/output/vm_json.h"
#include "cli/output/vm_text.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost stop-vm 3f2a
  teehost stop-vm 3f2a --grace 1m
  teehost stop-vm 3f2a --force)";

struct Options {
    std::string id;
    bool force = false;
    std::optional<std::chrono::nanoseconds> grace;
};

void stopVm(const Options& options, Session& session)
{
    Client& client = session.client();
    v1::StopVmRequest request;
    request.set_id(resolveVmId(client, options.id));
    request.set_force(options.force);
    if (options.grace)
        *request.mutable_grace() = toProto(*options.grace);
    const v1::Vm vm = client.stopVm(request, options.grace.value_or(std::chrono::nanoseconds(0)));
    if (session.json())
        return printJson(session.out(), toJson(vm));
    session.out() << escapeLine(vm.id()) << " is " << stateName(vm.state())
                  << (vm.cause().empty() ? "" : ": " + escapeLine(vm.cause())) << "\n";
}

} // namespace

void addStopVm(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "stop-vm", kExamples);
    const auto options = std::make_shared<Options>();
    command.option("ID", options->id, "VM to stop").required().value("ID");
    command.flag("--force", options->force, "Do not ask the guest to shut down first");
    addDuration(command, "--grace", options->grace,
                "How long the guest may take to shut down (default: the daemon's vm.stop_grace)")
        .excludes("--force");
    command.onRun([options, &session] { stopVm(*options, session); });
}

} // namespace teehost::cli
