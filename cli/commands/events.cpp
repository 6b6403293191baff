// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <algorithm>
#include <memory>

#include "cli/client/client.h"
#include "cli/client/vm_lookup.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "cli/output/reader_watch.h"
#include "cli/output/vm_json.h"
#include "cli/output/vm_text.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost events
  teehost events 3f2a --follow
  teehost events --follow --after 1200 --output json)";

constexpr std::size_t kShortId = 8; // enough to tell VMs of one host apart, and accepted as an ID
constexpr std::size_t kKindColumns = 14;

struct Options {
    std::string id;
    bool follow = false;
    std::uint64_t after = 0;
};

std::string padded(std::string text, std::size_t columns)
{
    text.resize(std::max(text.size(), columns), ' ');
    return text;
}

/// "2026-01-31T12:00:00.123Z     17  3f2a9c10  state           booting -> running  the agent answered"
std::string eventLine(const v1::Event& event)
{
    const std::string seq = std::to_string(event.seq());
    std::string line = (event.has_at() ? formatTime(event.at()) : "-") + " " +
                       std::string(seq.size() < 6 ? 6 - seq.size() : 0, ' ') + seq + "  " +
                       padded(escapeLine(event.vm_id().substr(0, kShortId)), kShortId) + "  " +
                       padded(escapeLine(event.kind()), kKindColumns) + "  ";
    if (event.state() != v1::VM_STATE_UNSPECIFIED)
        line += (event.previous() == v1::VM_STATE_UNSPECIFIED ? "" : stateName(event.previous()) + " ") +
                "-> " + stateName(event.state()) + "  ";
    line += escapeLine(event.message());
    return line.erase(line.find_last_not_of(' ') + 1) + "\n";
}

v1::WatchEventsRequest toRequest(const Options& options, Client& client)
{
    v1::WatchEventsRequest request;
    if (!options.id.empty())
        request.set_vm_id(resolveVmId(client, options.id));
    request.set_after_seq(options.after);
    request.set_follow(options.follow);
    return request;
}

void showEvents(const Options& options, Session& session)
{
    Client& client = session.client();
    const auto request = toRequest(options, client);
    const auto events = client.watchEvents(request);
    const ReaderWatch watch([&events] { events->cancel(); });
    for (v1::Event event; events->read(event);) {
        if (session.json())
            printJson(session.out(), toJson(event), JsonForm::OneLine);
        else
            session.out() << eventLine(event);
        session.out().flush();
    }
    const auto failure = events->finish();
    if (failure && !watch.gone())
        throw Failure(*failure);
}

} // namespace

void addEvents(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "events", kExamples);
    const auto options = std::make_shared<Options>();
    command.option("ID", options->id, "Only this VM").value("ID");
    command.flag("-f,--follow", options->follow, "Go on with what happens from now, until Ctrl-C");
    command.option("--after", options->after, "Only events after the one of this number").value("SEQ");
    command.onRun([options, &session] { showEvents(*options, session); });
}

} // namespace teehost::cli
