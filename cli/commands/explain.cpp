// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include "cli/attest/local_plugins.h"
#include "cli/explain/known_causes.h"
#include "cli/failure.h"
#include "cli/input/file.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "host/base/error.h"
#include "host/doctor/explain.h"

namespace teehost::cli {
namespace {

using namespace std::chrono_literals;

constexpr const char* kExamples =
    R"(  teehost explain /var/log/teehost/8d4ad306-9bb6-4ea0-b6d7-630b253a19ed/qemu.log
  dmesg | teehost explain -
  journalctl -b -u teehostd | teehost explain - --output json | jq -r '.findings[0].cause'

Needs no daemon: any text in which QEMU or the host's kernel says why a VM does not start will do, also one from
another host and of a VM that something else launched. Ends with 4 when nothing in it is known.)";

constexpr auto kLimit = 60s;
constexpr const char* kHost = "host";

struct Options {
    std::string file, backend;
    PluginOptions plugins;
};

KnowsWords asKnower(plugin::Plugin& plugin, LocalPlugins& plugins)
{
    return {plugin.info().id, [&plugin, &plugins](const std::string& text) {
                return plugin.diagnose(plugins.call(), {-1, "qemu", text, ""});
            }};
}

/// Asks every plugin that knows words. One that cannot be used here is left out: the others' words are worth
/// having.
std::vector<KnowsWords> everyPlugin(LocalPlugins& plugins)
{
    std::vector<KnowsWords> knowers;
    for (const auto& id : plugins.ids())
        try {
            if (plugin::Plugin& plugin = plugins.get(id); plugin.hasDiagnose())
                knowers.push_back(asKnower(plugin, plugins));
        } catch (const Error&) { // NOLINT: it is not among those that are told as asked
        }
    return knowers;
}

std::vector<KnowsWords> knowersFor(const Options& o, LocalPlugins& plugins)
{
    std::vector<KnowsWords> knowers;
    if (o.backend.empty())
        knowers = everyPlugin(plugins);
    else if (plugin::Plugin& plugin = plugins.get(o.backend); plugin.hasDiagnose())
        knowers.push_back(asKnower(plugin, plugins));
    knowers.push_back({kHost, [](const std::string& text) {
                           return doctor::hostFindings({-1, "qemu", text, ""});
                       }});
    return knowers;
}

Json namesOf(const std::vector<KnowsWords>& knowers)
{
    Json names = Json::array();
    for (const auto& knower : knowers)
        names.push_back(knower.name);
    return names;
}

Json toJson(const KnownCause& known)
{
    Json remedies = Json::array();
    for (const auto& remedy : known.remedies)
        remedies.push_back({{"from", remedy.from}, {"remedy", remedy.text}});
    return {{"cause", known.cause},
            {"remedy", known.remedies.front().text},
            {"line", known.line},
            {"line_number", known.lineNumber},
            {"confidence", known.confidence},
            {"remedies", remedies}};
}

void printCause(std::ostream& out, const KnownCause& known)
{
    out << escapeLine(known.cause) << "\n  line " << known.lineNumber << ": " << escapeLine(known.line)
        << "\n";
    for (const auto& remedy : known.remedies)
        out << "  remedy (" << remedy.from << "): " << escapeLine(remedy.text) << "\n";
}

void printText(std::ostream& out, const std::vector<KnownCause>& causes)
{
    constexpr unsigned kNear = 20; // as plugin.h says of th_finding
    for (std::size_t i = 0; i < causes.size(); ++i) {
        if (causes[i].confidence + kNear < causes.front().confidence)
            break;
        if (i == 1)
            out << "\nAlso in this text:\n";
        printCause(out, causes[i]);
    }
}

std::string readText(const std::string& file)
{
    const std::string text = readFileOrInput(file, "FILE", kMaxEvidenceBytes);
    if (const std::string why = whyNoText(text); !why.empty())
        throw UsageFailure("FILE: \"" + file + "\" " + why);
    return text;
}

void explain(const Options& o, Session& session)
{
    const auto lines = logLines(readText(o.file));
    LocalPlugins plugins(o.plugins, *session.https, session.options.timeout.value_or(kLimit));
    const auto knowers = knowersFor(o, plugins);
    const auto causes = knownCauses(lines, knowers);
    if (causes.empty())
        session.exitCode = ExitCode::NotFound;
    if (session.json()) {
        Json findings = Json::array();
        for (const auto& known : causes)
            findings.push_back(toJson(known));
        return printJson(session.out(), {{"known", !causes.empty()},
                                         {"findings", findings},
                                         {"lines", lines.empty() ? 0 : lines.back().number},
                                         {"asked", namesOf(knowers)}});
    }
    if (!causes.empty())
        return printText(session.out(), causes);
    session.out() << "Nothing in this text is known: " << (lines.empty() ? 0 : lines.back().number)
                  << " lines, held against the words of";
    for (const auto& knower : knowers)
        session.out() << " " << knower.name;
    session.out() << "\n";
}

} // namespace

void addExplain(CLI::App& app, Session& session)
{
    CLI::App& command = newCommand(app, "explain", kExamples);
    const auto o = std::make_shared<Options>();
    command.add_option("FILE", o->file, "qemu.log, kernel log, journal or console log; - is standard input")
        ->type_name("FILE")
        ->required();
    command.add_option("--backend", o->backend, "Ask this plugin and the host only (default: every plugin)")
        ->type_name("NAME");
    addPluginOptions(command, o->plugins);
    command.callback([o, &session] { explain(*o, session); });
}

} // namespace teehost::cli
