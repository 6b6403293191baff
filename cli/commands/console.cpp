// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include "cli/client/client.h"
#include "cli/client/vm_lookup.h"
#include "cli/input/option_types.h"
#include "cli/output/base64.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "cli/output/reader_watch.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost console 3f2a
  teehost console 3f2a --tail 4096 --follow
  teehost console 3f2a --raw > console.log

A guest writes whatever it likes. Control characters are shown as \x1b, bytes that are not UTF-8 as \xff, so that
nothing it writes acts on the terminal. As JSON, each piece is one line: {"offset": 0, "data": "BASE64"}.)";

constexpr std::uint32_t kMaxTail = 1u << 30;

struct Options {
    std::string id;
    bool follow = false;
    bool raw = false;
    std::optional<std::uint32_t> tail;
};

/// Writes pieces of the console in the form that was asked for.
class ConsoleWriter {
public:
    ConsoleWriter(Session& session, bool raw) : session_(session), raw_(raw) {}

    void write(const v1::ConsoleChunk& chunk)
    {
        if (session_.json())
            printJson(session_.out(), {{"offset", chunk.offset()}, {"data", toBase64(chunk.data())}},
                      JsonForm::OneLine);
        else
            session_.out() << (raw_ ? chunk.data() : escaper_.feed(chunk.data()));
        session_.out().flush();
    }
    void finish() { session_.out() << escaper_.finish() << std::flush; }

private:
    Session& session_;
    const bool raw_;
    StreamEscaper escaper_;
};

void refuseRawOnTerminal(const Options& options, const Session& session)
{
    if (options.raw && session.json())
        throw UsageFailure("--raw and --output json exclude each other");
    if (options.raw && session.outIsTerminal())
        throw UsageFailure("--raw would let the guest drive this terminal",
                           "send it to a file or a pipe, or leave --raw out");
}

void showConsole(const Options& options, Session& session)
{
    refuseRawOnTerminal(options, session);
    Client& client = session.client();
    v1::ReadConsoleRequest request;
    request.set_vm_id(resolveVmId(client, options.id));
    request.set_follow(options.follow);
    request.set_tail_bytes(options.tail.value_or(0));
    const auto console = client.readConsole(request);
    ConsoleWriter writer(session, options.raw);
    const ReaderWatch watch([&console] { console->cancel(); });
    for (v1::ConsoleChunk chunk; console->read(chunk);)
        writer.write(chunk);
    writer.finish();
    const auto failure = console->finish();
    if (failure && !watch.gone())
        throw Failure(*failure);
}

} // namespace

void addConsole(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "console", kExamples);
    const auto options = std::make_shared<Options>();
    command.option("ID", options->id, "VM whose console to show").required().value("ID");
    command.flag("-f,--follow", options->follow, "Go on until the VM has ended, or Ctrl-C");
    addNumber(command, "--tail", options->tail, 1, kMaxTail, "Only the last so many bytes").value("BYTES");
    command.flag("--raw", options->raw, "The very bytes of the guest; refused on a terminal");
    command.onRun([options, &session] { showConsole(*options, session); });
}

} // namespace teehost::cli
