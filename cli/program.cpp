// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/failure.h"
#include "cli/help.h"
#include "cli/input/option_types.h"
#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::cli {
namespace {

constexpr const char* kDescription =
    "Launches, watches and removes confidential VMs through teehostd, the daemon on a TEE host, and verifies "
    "their evidence anywhere.";

constexpr const char* kFooter = R"(Examples:
  teehost create-vm --server-url 10.0.0.5:7011 --ttl 2h --wait
  teehost list
  teehost info 3f2a
  teehost console 3f2a --follow
  teehost remove-vm 3f2a
  teehost verify --report report.bin --nonce "$nonce" --reference expected.json

Wherever an ID is asked for, the beginning of one is enough as long as only one VM has it.

Exit codes:
    0  done
    1  the operation failed
    2  the command line, or a value on it, is not acceptable; or evidence could not be judged
    3  evidence was rejected
    4  no such VM, backend or plugin; or explain knows nothing of the text
    5  no daemon answers
    6  the host has no room: VMs, memory, ports, encrypted slots
    7  --timeout or --wait-timeout passed
  130  interrupted by Ctrl-C or SIGTERM)";

class HelpFormatter final : public CLI::Formatter {
public:
    std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override
    {
        const CLI::App* const program = app->get_parent();
        return program == nullptr ? programHelp(describeCommand(*app))
                                  : commandHelp(describeCommand(*app), describeCommand(*program));
    }
};

void addGlobalOptions(CLI::App& app, GlobalOptions& options)
{
    app.add_option("--url", options.endpoint.address, "Where the daemon listens (default: localhost:7001)")
        ->type_name("HOST:PORT")
        ->envname("MANAGER_GRPC_URL");
    app.add_option("--tls-ca", options.endpoint.tls.ca, "CA certificates of the daemon; switches TLS on")
        ->type_name("FILE")
        ->envname("MANAGER_GRPC_SERVER_CA_CERTS");
    app.add_option("--tls-cert", options.endpoint.tls.cert, "Certificate to show to the daemon (mutual TLS)")
        ->type_name("FILE")
        ->envname("MANAGER_GRPC_CLIENT_CERT");
    app.add_option("--tls-key", options.endpoint.tls.key, "Private key of that certificate")
        ->type_name("FILE")
        ->envname("MANAGER_GRPC_CLIENT_KEY");
    addDuration(Command(app), "--timeout", options.timeout,
                "How long the daemon may take to answer (default: 30s, and 5m for what waits for a guest)");
    app.add_option("-o,--output", options.output, "Form of the output (default: text)")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"text", "json"}));
}

/// Lets no option of the program, and of its commands, take text that is not UTF-8: the daemon's API cannot
/// carry it. Names of files on this machine are left alone.
void requireUtf8(CLI::App& app)
{
    for (CLI::Option* option : app.get_options())
        if (option->get_type_name() != "FILE")
            option->check(CLI::Validator(
                [](std::string& text) { return isUtf8(text) ? std::string() : "the value is not UTF-8"; },
                ""));
    for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
        requireUtf8(*command);
}

int complain(const Failure& failure)
{
    std::cout.flush();
    std::cerr << describeFailure(failure.what(), failure.hint());
    return static_cast<int>(failure.code());
}

/// The words of CLI11 are kept except where they do not say what was wrong.
UsageFailure usageFailure(const CLI::App& app, const CLI::ParseError& error)
{
    const auto chosen = app.get_subcommands();
    const std::string verb = chosen.empty() ? "" : " " + chosen.front()->get_name();
    const std::string hint = "see: teehost" + verb + " --help";
    const auto extras = app.remaining(true);
    if (!extras.empty() && (chosen.empty() || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr))
        return UsageFailure(extras.front().starts_with("-")
                                ? "unknown option \"" + extras.front() + "\""
                                : (chosen.empty() ? "unknown command \"" : "unexpected argument \"") +
                                      extras.front() + "\"",
                            hint);
    if (chosen.empty())
        return UsageFailure("a command is missing", hint);
    return UsageFailure(error.what(), hint);
}

int parseAndRun(int argc, const char* const* argv, AddOnDemand addOnDemand)
{
    Session session;
    CLI::App app;
    buildProgram(app, session, addOnDemand);
    try {
        app.parse(argc, argv); // runs the command
        session.finishOutput();
        return static_cast<int>(session.exitCode);
    } catch (const CLI::Success& help) { // --help and --version arrive here
        app.exit(help);
        session.finishOutput();
        return static_cast<int>(ExitCode::Ok);
    } catch (const CLI::ParseError& error) {
        return complain(usageFailure(app, error));
    }
}

} // namespace

void buildProgram(CLI::App& app, Session& session, AddOnDemand addOnDemand)
{
    app.name("teehost");
    app.description(kDescription);
    app.formatter(std::make_shared<HelpFormatter>());
    app.set_help_flag("-h,--help", "Print this help and exit");
    app.set_version_flag("--version", "teehost " TEEHOST_VERSION, "Print the version and exit");
    addGlobalOptions(app, session.options);

    app.fallthrough(); // inherited by the commands: global options may follow the verb
    app.require_subcommand(1);
    addOnDemand(app, session);
    addMeasure(app, session);
    addVerify(app, session);
    addInspect(app, session);
    addExplain(app, session);
    addKeys(app, session);
    requireUtf8(app);
    app.footer(kFooter); // last, because commands inherit what is set when they are added
}

int runProgram(int argc, const char* const* argv, AddOnDemand addOnDemand) noexcept
{
    try {
        return parseAndRun(argc, argv, addOnDemand);
    } catch (const Failure& failure) {
        return complain(failure);
    } catch (const Error& error) { // of the host's libraries: settings, plugins
        const bool usage = error.category() == Category::InvalidArgument;
        return complain(Failure(usage ? ExitCode::Usage : ExitCode::Failed, error.what(), error.hint()));
    } catch (const std::exception& error) {
        return complain(Failure(ExitCode::Failed, error.what()));
    }
}

} // namespace teehost::cli
