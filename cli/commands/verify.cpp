// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <chrono>
#include <memory>

#include "cli/attest/arguments.h"
#include "cli/attest/evidence_files.h"
#include "cli/attest/local_plugins.h"
#include "cli/attest/measurement_file.h"
#include "cli/attest/verify_report.h"
#include "cli/failure.h"
#include "host/base/error.h"
#include "host/base/text.h"
#include "host/plugin/relied_evidence.h"

namespace teehost::cli {
namespace {

using namespace std::chrono_literals;

constexpr const char* kExamples =
    R"(  teehost verify --report report.bin --certs vcek.pem --certs ask_ark.pem --nonce "$nonce" \
      --reference expected.json
  teehost verify --report report.bin --measurement 8cd1…2f --at 2026-01-31T12:00:00Z --offline
  teehost verify --report - --output json < report.bin | jq -r .verdict

Exit codes of this command: 0 accepted, 3 rejected because a check failed, 2 not judged. Needs no daemon and no TEE.)";

constexpr auto kLimit = 2min;
constexpr std::size_t kMaxNonceBytes = 4096;
constexpr std::size_t kMaxRegisters = 256;

struct Options {
    std::string backend, nonce, reference, policy, at;
    std::vector<std::string> reports, eventLogs, certs, anchors, measurements;
    bool offline = false;
    PluginOptions plugins;
};

std::int64_t now()
{
    const auto sinceEpoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(sinceEpoch).count();
}

std::optional<NamedBlob> readOptional(const std::string& path, const char* option)
{
    if (path.empty())
        return std::nullopt;
    return readBlobs({path}, option).front();
}

std::string textOf(const NamedBlob& file) { return {file.blob.data.begin(), file.blob.data.end()}; }

/// Everything that does not depend on the plugin, so that a mistake is told before one is loaded.
Appraisal readArguments(const Options& o)
{
    Appraisal a;
    EvidenceFiles files = readEvidence(o.reports, "--report");
    a.evidence = std::move(files.evidence);
    for (auto& log : readEventLogs(o.eventLogs, "--eventlog"))
        a.evidence.push_back(std::move(log));
    a.collateral = readCollateral(o.certs, "--certs");
    for (auto& endorsement : files.endorsements)
        a.collateral.push_back(std::move(endorsement));
    a.anchors = readCollateral(o.anchors, "--anchor");
    a.reference = readOptional(o.reference, "--reference");
    a.policy = readOptional(o.policy, "--policy");
    a.request.evidence = blobsOf(a.evidence);
    a.request.collateral = blobsOf(a.collateral);
    a.request.anchors = blobsOf(a.anchors);
    if (!o.nonce.empty())
        a.request.reportData = parsePrefixedHex(o.nonce, "--nonce", kMaxNonceBytes);
    if (o.measurements.size() > kMaxRegisters)
        throw UsageFailure("--measurement: it is given more than " + std::to_string(kMaxRegisters) +
                           " times");
    for (const auto& text : o.measurements)
        a.request.expected.push_back(parseRegister(text, "--measurement"));
    if (a.policy)
        a.request.policyJson = textOf(*a.policy);
    if (!isUtf8(a.request.policyJson) || a.request.policyJson.find('\0') != std::string::npos)
        throw UsageFailure("--policy: \"" + o.policy + "\" is not UTF-8 text");
    a.request.atWallNs = o.at.empty() ? now() : parseInstant(o.at, "--at");
    a.request.offline = o.offline;
    return a;
}

void addReference(Appraisal& a)
{
    if (!a.reference)
        return;
    auto measured = readMeasurement(textOf(*a.reference), a.plugin.id, "--reference");
    auto& expected = a.request.expected;
    expected.insert(expected.end(), measured.registers.begin(), measured.registers.end());
    a.request.reference = std::move(measured.values);
}

/// Evidence that the first verdict stands on is for the plugin that recognises it, on the same terms but for
/// the nonce, which the first has seen to, and the policy, which is the first one's.
void judgeRelied(Appraisal& a, LocalPlugins& plugins)
{
    const auto relied = plugin::reliedOn(a.result);
    if (!a.result.accepted || relied.evidence.empty())
        return;
    Appraisal other;
    for (const auto& blob : relied.evidence)
        other.evidence.push_back({blob.kind + " in the evidence", blob, {}});
    other.collateral = a.collateral;
    for (const auto& blob : relied.collateral)
        other.collateral.push_back({"a certificate in the evidence", blob, {}});
    other.anchors = a.anchors;
    auto& plugin = plugins.recognise(relied.evidence);
    other.plugin = plugin.info();
    other.request.evidence = blobsOf(other.evidence);
    other.request.collateral = blobsOf(other.collateral);
    other.request.anchors = a.request.anchors;
    other.request.atWallNs = a.request.atWallNs;
    other.request.offline = a.request.offline;
    if (a.reference && hasMeasurement(textOf(*a.reference), other.plugin.id)) {
        other.reference = a.reference;
        addReference(other);
    }
    other.result = plugin::verifyRelied(plugin, plugins.call(), other.request);
    if (!plugin::reliedOn(other.result).evidence.empty())
        throw Failure(ExitCode::Undecided, "the evidence relies on evidence that relies on further evidence");
    a.reliedOn.push_back(std::move(other));
}

/// Says whose the evidence is when the plugin that was named can make nothing of it.
void nameTheOther(Appraisal& a, LocalPlugins& plugins)
{
    if (a.result.accepted || plugin::firstFailure(a.result) != nullptr ||
        plugin::firstUnfit(a.result) == nullptr)
        return;
    const std::string other = plugins.recognisedBy(a.request.evidence);
    if (!other.empty() && other != a.plugin.id)
        a.result.reason += "; the plugin " + other + " recognises this evidence";
}

ExitCode exitCodeOf(Conclusion conclusion)
{
    switch (conclusion) {
    case Conclusion::Accepted:
        return ExitCode::Ok;
    case Conclusion::Rejected:
        return ExitCode::Rejected;
    case Conclusion::Undecided:
        break;
    }
    return ExitCode::Undecided;
}

void verify(const Options& o, Session& session)
{
    Appraisal a = readArguments(o);
    LocalPlugins plugins(o.plugins, session.options.timeout.value_or(kLimit), o.backend);
    auto& plugin = o.backend.empty() ? plugins.recognise(a.request.evidence) : plugins.get(o.backend);
    a.plugin = plugin.info();
    addReference(a);
    a.result = plugin.verify(plugins.call(), a.request);
    nameTheOther(a, plugins);
    judgeRelied(a, plugins);
    if (session.json())
        printJson(session.out(), reportJson(a));
    else
        session.out() << reportText(a);
    session.exitCode = exitCodeOf(conclude(a));
}

/// Whatever keeps the evidence from being judged has one exit code, that of a judgement that is none.
void verifyOrSayWhyNot(const Options& o, Session& session)
{
    try {
        verify(o, session);
    } catch (const Failure& failure) {
        throw Failure(ExitCode::Undecided, failure.what(), failure.hint());
    } catch (const Error& error) {
        throw Failure(ExitCode::Undecided, error.what(), error.hint());
    } catch (const std::exception& error) {
        throw Failure(ExitCode::Undecided, error.what());
    }
}

} // namespace

void addVerify(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "verify", kExamples);
    const auto o = std::make_shared<Options>();
    const auto add = [&](const char* name, auto& target, const char* value, const char* help) {
        return command.option(name, target, help).value(value).oneValueEach();
    };
    add("--backend", o->backend, "NAME",
        "Plugin that verifies (default: the one that recognises the evidence)");
    add("--report", o->reports, "FILE",
        "Evidence: a report, a quote; as bytes, hexadecimal, base64 or in JSON; - is standard input")
        .required();
    add("--eventlog", o->eventLogs, "FILE", "Event log of the boot that the evidence is of");
    add("--certs", o->certs, "FILE", "Certificates, CRLs and other collateral");
    add("--anchor", o->anchors, "FILE", "Root to trust instead of those built into the plugin");
    add("--nonce", o->nonce, "HEX", "What the evidence must bind, its report data");
    add("--measurement", o->measurements, "[NAME=]HEX",
        "What a register must show, without NAME that of the VM's initial contents; of several for one "
        "register "
        "any will do");
    add("--reference", o->reference, "FILE", "What teehost measure --output json printed");
    add("--policy", o->policy, "FILE", "Policy document of the plugin, JSON");
    add("--at", o->at, "TIME", "When the evidence must be valid, 2026-01-31T12:00:00Z (default: now)");
    command.flag("--offline", o->offline, "Fetch nothing, whatever is missing");
    addPluginOptions(command, o->plugins);
    command.onRun([o, &session] { verifyOrSayWhyNot(*o, session); });
}

} // namespace teehost::cli
