// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>
#include <vector>

#include "cli/client/client.h"
#include "cli/input/labels.h"
#include "cli/input/size.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "cli/output/table.h"
#include "cli/output/vm_json.h"
#include "cli/output/vm_text.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost list
  teehost list --all --label team=blue
  teehost list --quiet
  teehost list --output json | jq -r '.vms[] | select(.state == "running") | .agent_address')";

struct Options {
    bool all = false;
    bool quiet = false;
    std::vector<std::string> labels;
};

/// What is worth a look stands out: nothing for a VM that nobody has asked.
std::string attestedText(const v1::Vm& vm)
{
    return vm.has_attested() ? standingName(vm.attestation()) : "-";
}

void printTable(const v1::ListVmsResponse& response, std::ostream& out)
{
    const auto now = std::chrono::system_clock::now();
    Table table({{"ID"},
                 {"STATE"},
                 {"ATTESTED"},
                 {"BACKEND"},
                 {"VCPUS", Align::Right},
                 {"MEMORY", Align::Right},
                 {"AGENT"},
                 {"AGE", Align::Right},
                 {"LABELS"}});
    for (const auto& vm : response.vms())
        table.add({vm.id(), stateName(vm.state()), attestedText(vm), vm.backend(), std::to_string(vm.vcpus()),
                   formatSize(vm.memory_bytes()), vm.agent_address(),
                   vm.has_created() ? formatAge(vm.created(), now) : "", formatLabels(vm.labels())});
    out << (table.empty() ? "no VMs\n" : table.render());
}

void printJsonList(const v1::ListVmsResponse& response, std::ostream& out)
{
    Json vms = Json::array();
    for (const auto& vm : response.vms())
        vms.push_back(toJson(vm));
    printJson(out, {{"vms", std::move(vms)}});
}

void listVms(const Options& options, Session& session)
{
    v1::ListVmsRequest request;
    request.set_include_ended(options.all);
    for (const auto& [key, value] : parseLabels(options.labels))
        (*request.mutable_labels())[key] = value;
    const auto response = session.client().listVms(request);
    if (session.json())
        return printJsonList(response, session.out());
    if (!options.quiet)
        return printTable(response, session.out());
    for (const auto& vm : response.vms())
        session.out() << escapeLine(vm.id()) << "\n";
}

} // namespace

void addList(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "list", kExamples);
    const auto options = std::make_shared<Options>();
    command.flag("-a,--all", options->all, "Also those that have stopped or failed and are still remembered");
    command.option("--label", options->labels, "Only VMs that carry this label")
        .value("KEY=VALUE")
        .oneValueEach();
    command.flag("-q,--quiet", options->quiet, "Only the ids, one a line");
    command.onRun([options, &session] { listVms(*options, session); });
}

} // namespace teehost::cli
