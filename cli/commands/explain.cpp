// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/attest/local_plugins.h"
#include "cli/explain/known_causes.h"
#include "cli/failure.h"
#include "cli/input/file.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "host/base/error.h"
#include "host/base/text.h"
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

/// A plugin, or a file that is none, whose words the text could not be held against.
struct LeftOut {
    std::string id; ///< of the plugin, else the path of its file
    std::string why;
};

/// Asks one plugin until it fails; what the others know is worth having all the same.
KnowsWords asKnower(plugin::Plugin& plugin, LocalPlugins& plugins, std::vector<LeftOut>& leftOut)
{
    const std::string id = plugin.info().id;
    return {id, [&, id, failed = false](const std::string& text) mutable -> std::vector<plugin::Finding> {
                if (failed)
                    return {};
                try {
                    return plugin.diagnose(plugins.call(), {-1, "qemu", text, ""});
                } catch (const Error& error) {
                    failed = true;
                    leftOut.push_back({id, describe(error)});
                    return {};
                }
            }};
}

bool setsOptionOf(const std::string& id, const Options& o)
{
    return std::any_of(o.plugins.overrides.begin(), o.plugins.overrides.end(),
                       [&](const std::string& text) { return text.starts_with(id + "."); });
}

/// Asks every plugin that knows words, and leaves out those that cannot be used here. An option on the
/// command line that its plugin does not take is refused: it was typed for this call.
std::vector<KnowsWords> everyPlugin(const Options& o, LocalPlugins& plugins, std::vector<LeftOut>& leftOut)
{
    std::vector<KnowsWords> knowers;
    for (const auto& id : plugins.ids())
        try {
            if (plugin::Plugin& plugin = plugins.get(id); plugin.hasDiagnose())
                knowers.push_back(asKnower(plugin, plugins, leftOut));
        } catch (const Error& error) {
            if (error.category() == Category::InvalidArgument && setsOptionOf(id, o))
                throw;
            leftOut.push_back({id, describe(error)});
        }
    for (const auto& refusal : plugins.refused())
        leftOut.push_back({refusal.path, refusal.reason});
    if (plugins.ids().empty())
        leftOut.push_back(
            {"plugins.dir", "no plugin is loaded; --set plugins.dir=DIRECTORY says where they are"});
    return knowers;
}

std::vector<KnowsWords> knowersFor(const Options& o, LocalPlugins& plugins, std::vector<LeftOut>& leftOut)
{
    std::vector<KnowsWords> knowers;
    if (o.backend.empty())
        knowers = everyPlugin(o, plugins, leftOut);
    else if (plugin::Plugin& plugin = plugins.get(o.backend); plugin.hasDiagnose())
        knowers.push_back(asKnower(plugin, plugins, leftOut));
    knowers.push_back({kHost, [](const std::string& text) {
                           return doctor::hostFindings({-1, "qemu", text, ""});
                       }});
    return knowers;
}

/// Returns the names of those who have answered.
std::vector<std::string> namesOf(const std::vector<KnowsWords>& knowers, const std::vector<LeftOut>& leftOut)
{
    std::vector<std::string> names;
    for (const auto& knower : knowers)
        if (std::none_of(leftOut.begin(), leftOut.end(),
                         [&](const LeftOut& one) { return one.id == knower.name; }))
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

Json toJson(const std::vector<LeftOut>& leftOut)
{
    Json out = Json::array();
    for (const auto& one : leftOut)
        out.push_back({{"id", one.id}, {"why", one.why}});
    return out;
}

void printCause(std::ostream& out, const KnownCause& known)
{
    out << escapeLine(known.cause) << "\n  ";
    if (known.lineNumber != 0)
        out << "line " << known.lineNumber << ": ";
    out << escapeLine(known.line) << "\n";
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
    LocalPlugins plugins(o.plugins, session.options.timeout.value_or(kLimit), o.backend);
    std::vector<LeftOut> leftOut;
    const auto knowers = knowersFor(o, plugins, leftOut);
    const auto causes = knownCauses(lines, knowers);
    const auto asked = namesOf(knowers, leftOut);
    const auto count = lines.empty() ? 0 : lines.back().number;
    if (causes.empty())
        session.exitCode = ExitCode::NotFound;
    for (const auto& one : leftOut)
        std::cerr << "teehost: " << escapeLine(one.id) << " was not asked: " << escapeLine(one.why) << "\n";
    if (session.json()) {
        Json findings = Json::array();
        for (const auto& known : causes)
            findings.push_back(toJson(known));
        return printJson(session.out(), {{"known", !causes.empty()},
                                         {"findings", findings},
                                         {"lines", count},
                                         {"asked", asked},
                                         {"left_out", toJson(leftOut)}});
    }
    if (!causes.empty())
        return printText(session.out(), causes);
    session.out() << "No known cause is in this text (" << count << (count == 1 ? " line" : " lines")
                  << "). Asked: " << join(asked, ", ") << ".\n";
}

} // namespace

void addExplain(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "explain", kExamples);
    const auto o = std::make_shared<Options>();
    command.option("FILE", o->file, "qemu.log, kernel log, journal or console log; - is standard input")
        .value("FILE")
        .required();
    command.option("--backend", o->backend, "Ask this plugin and the host only (default: every plugin)")
        .value("NAME");
    addPluginOptions(command, o->plugins);
    command.onRun([o, &session] { explain(*o, session); });
}

} // namespace teehost::cli
