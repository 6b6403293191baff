// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include "cli/attest/arguments.h"
#include "cli/attest/claims.h"
#include "cli/attest/verify_report.h"
#include "cli/client/client.h"
#include "cli/client/vm_lookup.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "cli/output/vm_text.h"
#include "host/base/text.h"
#include "host/plugin/evidence_json.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost attest 3f2a
  teehost attest 3f2a --nonce $(openssl rand -hex 32) --output json | jq -r .standing

Exit codes of this command: 0 attested, 3 failed because a check failed, 2 not judged. The daemon judges, against
what it computed when it launched the VM; to judge for yourself, ask the agent and use teehost verify.)";

constexpr std::size_t kMaxNonceBytes = 32;

struct Options {
    std::string id, nonce;
    bool claims = false;
};

plugin::ClaimValue valueOf(const v1::Value& value)
{
    switch (value.kind_case()) {
    case v1::Value::kFlag:
        return value.flag();
    case v1::Value::kInteger:
        return std::int64_t{value.integer()};
    case v1::Value::kNumber:
        return std::uint64_t{value.number()};
    case v1::Value::kText:
        return value.text();
    case v1::Value::kData:
        return plugin::Bytes(value.data().begin(), value.data().end());
    case v1::Value::KIND_NOT_SET:
        break;
    }
    return std::monostate();
}

plugin::Verdict verdictNamed(const std::string& name)
{
    using enum plugin::Verdict;
    for (const auto one : {Pass, Fail, Warn, Skip})
        if (name == lowerCase(plugin::verdictName(one)))
            return one;
    return Error;
}

plugin::VerifyResult resultOf(const v1::PluginVerdict& verdict)
{
    plugin::VerifyResult out;
    out.accepted = verdict.accepted();
    out.reason = verdict.reason();
    for (const auto& check : verdict.checks())
        out.checks.push_back({check.id(), check.title(), verdictNamed(check.verdict()), check.message(),
                              check.remedy(), valueOf(check.expected()), valueOf(check.actual()),
                              check.required()});
    for (const auto& claim : verdict.claims())
        out.claims.push_back({claim.key(), valueOf(claim.value())});
    return out;
}

std::string hexOf(const std::string& bytes) { return toHex(plugin::Bytes(bytes.begin(), bytes.end())); }

std::string attestationText(const std::string& id, const v1::Attestation& attestation, bool claims)
{
    std::string text;
    for (const auto& verdict : attestation.verdicts()) {
        const auto result = resultOf(verdict);
        text += "Checks of " + escapeLine(verdict.plugin()) + "\n" + checksText(result) + "\n";
        if (claims)
            text += std::string("What the evidence says") +
                    (result.accepted ? "" : ", which is NOT to be relied on") + "\n" +
                    claimsText(result.claims) + "\n";
    }
    return text + "nonce " + hexOf(attestation.nonce()) + ", at " + formatTime(attestation.at()) + "\n" +
           escapeLine(id) + " is " + standingName(attestation.standing()) + ": " +
           escapeLine(attestation.reason()) + "\n";
}

Json attestationJson(const std::string& id, const v1::Attestation& attestation)
{
    Json verdicts = Json::array();
    for (const auto& verdict : attestation.verdicts()) {
        const auto result = resultOf(verdict);
        verdicts.push_back({{"plugin", verdict.plugin()},
                            {"accepted", result.accepted},
                            {"reason", result.reason},
                            {"checks", checksJson(result)},
                            {"claims", plugin::namedJson(result.claims)}});
    }
    return {{"id", id},
            {"standing", standingName(attestation.standing())},
            {"reason", attestation.reason()},
            {"at", formatTime(attestation.at())},
            {"nonce", hexOf(attestation.nonce())},
            {"verdicts", std::move(verdicts)}};
}

ExitCode exitCodeOf(v1::AttestationStanding standing)
{
    if (standing == v1::ATTESTATION_STANDING_ATTESTED)
        return ExitCode::Ok;
    return standing == v1::ATTESTATION_STANDING_FAILED ? ExitCode::Rejected : ExitCode::Undecided;
}

void attest(const Options& o, Session& session)
{
    v1::AttestVmRequest request;
    if (!o.nonce.empty()) {
        const auto nonce = parseHexArgument(o.nonce, "--nonce", kMaxNonceBytes);
        request.set_nonce(nonce.data(), nonce.size());
    }
    Client& client = session.client();
    request.set_id(resolveVmId(client, o.id));
    const v1::Attestation attestation = client.attestVm(request);
    if (session.json())
        printJson(session.out(), attestationJson(request.id(), attestation));
    else
        session.out() << attestationText(request.id(), attestation, o.claims);
    session.exitCode = exitCodeOf(attestation.standing());
}

} // namespace

void addAttest(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "attest", kExamples);
    const auto o = std::make_shared<Options>();
    command.option("ID", o->id, "VM to attest").required().value("ID");
    command.option("--nonce", o->nonce, "What the evidence must answer, 8 to 32 bytes (default: a fresh one)")
        .value("HEX");
    command.flag("--claims", o->claims, "Also print what the evidence says: PCRs, keys, counters");
    command.onRun([o, &session] { attest(*o, session); });
}

} // namespace teehost::cli
