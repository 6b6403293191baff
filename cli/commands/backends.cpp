// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include "cli/client/client.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "cli/output/table.h"
#include "cli/output/vm_json.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost backends
  teehost backends --checks
  teehost backends --output json | jq -r '.backends[] | select(.usable) | .id')";

std::string roles(const v1::Backend& backend)
{
    if (backend.is_backend() && backend.is_attester())
        return "backend, attester";
    return backend.is_backend() ? "backend" : "attester";
}

std::string yesNo(bool value) { return value ? "yes" : "no"; }

std::string backendTable(const v1::ListBackendsResponse& response)
{
    Table table({{"ID"}, {"VERSION"}, {"ROLE"}, {"CONFIDENTIAL"}, {"USABLE"}, {"DEFAULT"}, {"SUMMARY"}});
    for (const auto& backend : response.backends())
        table.add({backend.id(), backend.version(), roles(backend), yesNo(backend.confidential()),
                   yesNo(backend.usable()), backend.selected() ? "yes" : "", backend.summary()});
    return table.empty() ? "no plugin is loaded\n" : table.render();
}

/// The checks of one backend: verdict first, because that is what is looked for.
std::string checkList(const v1::Backend& backend)
{
    std::string text = "\n" + escapeLine(backend.id()) + "\n";
    FieldList checks("  ");
    for (const auto& check : backend.checks())
        checks.add(check.verdict(), (check.title().empty() ? check.id() : check.title()) +
                                        (check.message().empty() ? "" : ": " + check.message()) +
                                        (check.remedy().empty() ? "" : "\n-> " + check.remedy()));
    return text + (backend.checks().empty() ? "  no checks\n" : checks.render());
}

std::string refusedList(const v1::ListBackendsResponse& response)
{
    if (response.refused().empty())
        return {};
    Table table({{"REFUSED PLUGIN"}, {"REASON"}});
    for (const auto& plugin : response.refused())
        table.add({plugin.path(), plugin.reason()});
    return "\n" + table.render();
}

void printJsonBackends(const v1::ListBackendsResponse& response, std::ostream& out)
{
    Json backends = Json::array();
    for (const auto& backend : response.backends())
        backends.push_back(toJson(backend));
    Json refused = Json::array();
    for (const auto& plugin : response.refused())
        refused.push_back({{"path", plugin.path()}, {"reason", plugin.reason()}});
    printJson(out, {{"backends", std::move(backends)}, {"refused", std::move(refused)}});
}

void showBackends(bool withChecks, Session& session)
{
    const auto response = session.client().listBackends();
    if (session.json())
        return printJsonBackends(response, session.out());
    session.out() << backendTable(response);
    if (withChecks)
        for (const auto& backend : response.backends())
            session.out() << checkList(backend);
    session.out() << refusedList(response);
}

} // namespace

void addBackends(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "backends", kExamples);
    const auto checks = std::make_shared<bool>(false);
    command.flag("--checks", *checks, "Also what each of them found on the host, and remedies");
    command.onRun([checks, &session] { showBackends(*checks, session); });
}

} // namespace teehost::cli
