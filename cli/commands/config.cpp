// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include "cli/client/client.h"
#include "cli/output/json.h"
#include "cli/output/table.h"
#include "cli/output/vm_json.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost config
  teehost config --changed
  teehost config --output json | jq -r '.options[] | select(.key == "vm.max") | .value')";

void showConfig(bool changedOnly, Session& session)
{
    const auto config = session.client().getConfig();
    Table table({{"KEY"}, {"VALUE"}, {"SOURCE"}});
    Json options = Json::array();
    for (const auto& option : config.options()) {
        if (changedOnly && (option.source() == "default" || option.source() == "unset"))
            continue;
        table.add({option.key(), option.value(), option.source()});
        options.push_back(toJson(option));
    }
    if (session.json())
        return printJson(session.out(), {{"daemon_version", config.daemon_version()},
                                         {"instance_id", config.instance_id()},
                                         {"options", std::move(options)}});
    session.out() << (table.empty() ? "every option has its default\n" : table.render());
}

} // namespace

void addConfig(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "config", kExamples);
    const auto changed = std::make_shared<bool>(false);
    command.flag("--changed", *changed, "Only those with a value other than their default");
    command.onRun([changed, &session] { showConfig(*changed, session); });
}

} // namespace teehost::cli
