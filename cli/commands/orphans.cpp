// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include "cli/client/client.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "cli/output/table.h"
#include "cli/output/vm_json.h"
#include "cli/output/vm_text.h"

namespace teehost::cli {
namespace {

constexpr const char* kListExamples = R"(  teehost orphans
  teehost orphans --output json | jq -r '.orphans[] | select(.owned) | .vm_id')";
constexpr const char* kAdoptExamples = R"(  teehost adopt 3f2a9c10-5d3b-4a63-9a06-4d5f0f1c2b7e)";
constexpr const char* kEndExamples = R"(  teehost end-orphan 3f2a9c10-5d3b-4a63-9a06-4d5f0f1c2b7e)";

/// Words for whose it is, and for what can be done.
std::string standing(const v1::Orphan& orphan, const std::string& daemon)
{
    if (!orphan.owned())
        return orphan.owner() == daemon ? "ours, in another runtime.dir" : "another daemon's";
    return orphan.adoptable() ? "ours; adopt or end-orphan" : "ours; end-orphan";
}

void listOrphans(bool quiet, Session& session)
{
    const auto response = session.client().listOrphans();
    if (session.json()) {
        Json orphans = Json::array();
        for (const auto& orphan : response.orphans())
            orphans.push_back({{"vm_id", orphan.vm_id()},
                               {"pid", orphan.pid()},
                               {"owner", orphan.owner()},
                               {"owned", orphan.owned()},
                               {"adoptable", orphan.adoptable()}});
        return printJson(session.out(), {{"owner", response.owner()}, {"orphans", std::move(orphans)}});
    }
    if (quiet) {
        for (const auto& orphan : response.orphans())
            if (orphan.owned())
                session.out() << escapeLine(orphan.vm_id()) << "\n";
        return;
    }
    Table table({{"ID"}, {"PID", Align::Right}, {"OWNER"}, {"STANDING"}});
    for (const auto& orphan : response.orphans())
        table.add({orphan.vm_id(), std::to_string(orphan.pid()), orphan.owner(),
                   standing(orphan, response.owner())});
    session.out() << (table.empty() ? "no orphans\n" : table.render());
}

void adopt(const std::string& id, Session& session)
{
    v1::AdoptOrphanRequest request;
    request.set_vm_id(id);
    const v1::Vm vm = session.client().adoptOrphan(request);
    if (session.json())
        return printJson(session.out(), toJson(vm));
    session.out() << "adopted " << escapeLine(vm.id()) << "; it is " << stateName(vm.state()) << "\n";
}

void endOrphan(const std::string& id, Session& session)
{
    v1::EndOrphanRequest request;
    request.set_vm_id(id);
    session.client().endOrphan(request);
    if (session.json())
        return printJson(session.out(), {{"ended", id}});
    session.out() << "ended " << escapeLine(id) << "\n";
}

/// The whole id: an orphan is in no list by which a part of it could be told.
void addOne(const Command& command, Session& session, void (*act)(const std::string&, Session&))
{
    const auto id = std::make_shared<std::string>();
    command.option("ID", *id, "The whole id, as `teehost orphans` shows it").required().value("ORPHAN");
    command.onRun([id, act, &session] { act(*id, session); });
}

} // namespace

void addOrphans(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "orphans", kListExamples);
    const auto quiet = std::make_shared<bool>(false);
    command.flag("-q,--quiet", *quiet, "Only the ids of the daemon's own, one a line");
    command.onRun([quiet, &session] { listOrphans(*quiet, session); });
}

void addAdopt(CLI::App& app, Session& session)
{
    addOne(newCommand(app, "adopt", kAdoptExamples), session, adopt);
}

void addEndOrphan(CLI::App& app, Session& session)
{
    addOne(newCommand(app, "end-orphan", kEndExamples), session, endOrphan);
}

} // namespace teehost::cli
