// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include "cli/attest/claims.h"
#include "cli/attest/evidence_files.h"
#include "cli/attest/local_plugins.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "host/plugin/evidence_json.h"

namespace teehost::cli {
namespace {

using namespace std::chrono_literals;

constexpr const char* kExamples = R"(  teehost inspect report.bin
  teehost inspect report.bin --output json | jq -r '.claims["snp.report.version"].value'

Nothing is verified: anybody can write evidence that says the same. To rely on it: teehost verify.)";

constexpr auto kLimit = 60s;
constexpr const char* kWarning = "NOT VERIFIED: the following is what the evidence says of itself.";

struct Options {
    std::string file, backend;
    PluginOptions plugins;
};

void inspect(const Options& o, Session& session)
{
    const auto file = readEvidence({o.file}, "FILE").evidence.front();
    LocalPlugins plugins(o.plugins, session.options.timeout.value_or(kLimit), o.backend);
    auto& plugin = o.backend.empty() ? plugins.recognise({file.blob}) : plugins.get(o.backend);
    const auto claims = plugin.inspect(plugins.call(), file.blob);
    if (session.json())
        return printJson(session.out(), {{"verified", false},
                                         {"plugin", plugin.info().id},
                                         {"sha256", sha256Hex(file.blob.data)},
                                         {"read_as", file.readAs},
                                         {"claims", plugin::namedJson(claims)}});
    session.out() << kWarning << "\n\n"
                  << escapeLine(file.path) << " (" << file.blob.data.size() << " bytes"
                  << (file.readAs.empty() ? "" : ", read as " + escapeLine(file.readAs)) << "), read by "
                  << plugin.info().id << "\n"
                  << claimsText(claims) << "\n"
                  << "NOT VERIFIED: do not rely on it; see teehost verify --help\n";
}

} // namespace

void addInspect(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "inspect", kExamples);
    const auto o = std::make_shared<Options>();
    command.option("FILE", o->file, "Report, quote or other evidence; - is standard input")
        .value("FILE")
        .required();
    command.option("--backend", o->backend, "Plugin that reads it (default: the one that recognises it)")
        .value("NAME");
    addPluginOptions(command, o->plugins);
    command.onRun([o, &session] { inspect(*o, session); });
}

} // namespace teehost::cli
