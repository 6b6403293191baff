// SPDX-License-Identifier: Apache-2.0
#include "cli/attest/verify_report.h"

#include "cli/attest/claims.h"
#include "cli/attest/measurement_file.h"
#include "cli/output/escape.h"
#include "cli/output/instant.h"
#include "cli/output/table.h"
#include "host/base/text.h"
#include "host/plugin/evidence_json.h"

namespace teehost::cli {
namespace {

using plugin::CheckResult;
using plugin::VerifyResult;

/// Of a rejection, the first check that failed and not the first that could not be decided.
std::string reasonOf(const Appraisal& appraisal)
{
    const auto& result = appraisal.result;
    if (const CheckResult* first = plugin::firstFailure(result))
        return first->title + ": " + first->message;
    if (!result.accepted)
        return result.reason;
    if (!appraisal.reliedOn.empty() && conclude(appraisal.reliedOn.front()) != Conclusion::Accepted)
        return "it relies on evidence that is not accepted; " + reasonOf(appraisal.reliedOn.front());
    const auto& request = appraisal.request;
    const bool nothingAsked = request.reportData.empty() && request.expected.empty() &&
                              request.reference.empty() && request.policyJson.empty();
    return nothingAsked ? "the evidence is genuine; that it is fresh, and what the VM runs, was not asked"
                        : "every required check passed";
}

const char* conclusionWord(Conclusion conclusion)
{
    switch (conclusion) {
    case Conclusion::Accepted:
        return "accepted";
    case Conclusion::Rejected:
        return "rejected";
    case Conclusion::Undecided:
        break;
    }
    return "could-not-judge";
}

const char* conclusionLine(Conclusion conclusion)
{
    switch (conclusion) {
    case Conclusion::Accepted:
        return "ACCEPTED";
    case Conclusion::Rejected:
        return "REJECTED";
    case Conclusion::Undecided:
        break;
    }
    return "COULD NOT JUDGE";
}

std::string fileText(const NamedBlob& file)
{
    return escapeLine(file.path) + ", " + std::to_string(file.blob.data.size()) + " bytes, sha256 " +
           sha256Hex(file.blob.data) + (file.readAs.empty() ? "" : ", read as " + escapeLine(file.readAs));
}

void addFiles(FieldList& fields, const char* name, const std::vector<NamedBlob>& files, const char* none)
{
    for (const auto& file : files)
        fields.add(name, fileText(file));
    if (files.empty())
        fields.add(name, none);
}

std::string registerText(const plugin::Register& reg)
{
    return (reg.name.empty() ? "initial contents" : escapeLine(reg.name)) + ", " + plugin::algName(reg.alg) +
           " " + toHex(reg.digest);
}

std::string subjectText(const Appraisal& a)
{
    FieldList fields("  ");
    addFiles(fields, "evidence", a.evidence, "none");
    // Its digest is in the JSON form: hashing a plugin takes as long as verifying a quote.
    fields.add("verified by",
               escapeLine(a.plugin.id + " " + a.plugin.version) + ", " + escapeLine(a.plugin.path));
    fields.add("as of", formatInstant(std::chrono::nanoseconds(a.request.atWallNs)));
    addFiles(fields, "trust anchor", a.anchors, "those built into the plugin");
    addFiles(fields, "collateral", a.collateral,
             a.request.offline ? "none given; what was fetched before is used, nothing is fetched"
                               : "none given; fetched as needed");
    fields.add("nonce", a.request.reportData.empty() ? "not asked: the evidence may be an old one"
                                                     : toHex(a.request.reportData));
    for (const auto& reg : a.request.expected)
        fields.add("register", registerText(reg));
    if (a.request.expected.empty())
        fields.add("register", "not asked: what the VM was started with is not compared");
    if (a.reference)
        fields.add("reference", fileText(*a.reference));
    fields.add("policy", a.policy ? fileText(*a.policy) : "the plugin's own");
    return fields.render();
}

std::string checkText(const CheckResult& check)
{
    const std::string title = check.title.empty() ? check.id : check.title;
    std::string text = escapeLine(title) + (check.required ? "" : " (not required)");
    if (!check.message.empty())
        text += ": " + escapeLine(check.message);
    if (check.expected != check.actual) {
        text += "\nexpected  " + escapeLine(plugin::valueText(check.expected));
        text += "\nactual    " + escapeLine(plugin::valueText(check.actual));
    }
    if (!check.hint.empty())
        text += "\n-> " + escapeLine(check.hint);
    return text;
}

Json fileJson(const NamedBlob& file)
{
    Json json{{"file", file.path}, {"bytes", file.blob.data.size()}, {"sha256", sha256Hex(file.blob.data)}};
    if (!file.readAs.empty())
        json["read_as"] = file.readAs;
    return json;
}

Json filesJson(const std::vector<NamedBlob>& files)
{
    Json json = Json::array();
    for (const auto& file : files)
        json.push_back(fileJson(file));
    return json;
}

Json checkJson(const CheckResult& check)
{
    return {{"id", check.id},
            {"title", check.title},
            {"verdict", lowerCase(plugin::verdictName(check.verdict))},
            {"required", check.required},
            {"message", check.message},
            {"hint", check.hint},
            {"expected", plugin::valueJson(check.expected)},
            {"actual", plugin::valueJson(check.actual)}};
}

Json expectedJson(const Appraisal& a)
{
    Json registers = Json::array();
    for (const auto& reg : a.request.expected)
        registers.push_back(plugin::registerJson(reg));
    const auto& nonce = a.request.reportData;
    return {{"nonce", nonce.empty() ? Json(nullptr) : Json(toHex(nonce))},
            {"registers", std::move(registers)},
            {"values", plugin::namedJson(a.request.reference)},
            {"reference", a.reference ? fileJson(*a.reference) : Json(nullptr)},
            {"policy", a.policy ? fileJson(*a.policy) : Json(nullptr)}};
}

} // namespace

std::string checksText(const VerifyResult& result)
{
    FieldList fields("  ");
    for (const auto& check : result.checks)
        fields.add(plugin::verdictName(check.verdict), checkText(check));
    return result.checks.empty() ? "  none was reported\n" : fields.render();
}

Json checksJson(const VerifyResult& result)
{
    Json checks = Json::array();
    for (const auto& check : result.checks)
        checks.push_back(checkJson(check));
    return checks;
}

Conclusion conclude(const Appraisal& a)
{
    const auto& result = a.result;
    if (!result.accepted)
        return plugin::firstFailure(result) != nullptr ? Conclusion::Rejected : Conclusion::Undecided;
    return a.reliedOn.empty() ? Conclusion::Accepted : conclude(a.reliedOn.front());
}

static Json reliedJson(const Appraisal& a)
{
    Json reports = Json::array();
    for (const auto& relied : a.reliedOn)
        reports.push_back(reportJson(relied));
    return reports;
}

Json reportJson(const Appraisal& a)
{
    return {{"verdict", conclusionWord(conclude(a))},
            {"reason", reasonOf(a)},
            {"plugin",
             {{"id", a.plugin.id},
              {"version", a.plugin.version},
              {"path", a.plugin.path},
              {"sha256", a.plugin.sha256.hex()}}},
            {"at", formatInstant(std::chrono::nanoseconds(a.request.atWallNs))},
            {"offline", a.request.offline},
            {"evidence", filesJson(a.evidence)},
            {"collateral", filesJson(a.collateral)},
            {"anchors", filesJson(a.anchors)},
            {"expected", expectedJson(a)},
            {"checks", checksJson(a.result)},
            {"claims", plugin::namedJson(a.result.claims)},
            {"relied_on", reliedJson(a)}};
}

std::string reportText(const Appraisal& a)
{
    const auto conclusion = conclude(a);
    const char* claims = conclusion == Conclusion::Accepted
                             ? "What the evidence says\n"
                             : "What the evidence says, which is NOT to be relied on\n";
    std::string relied;
    for (const auto& one : a.reliedOn)
        relied += "What it relies on\n\n" + reportText(one) + "\n";
    return relied + "What was verified, and against what\n" + subjectText(a) + "\nChecks\n" +
           checksText(a.result) + "\n" + claims + claimsText(a.result.claims) + "\n" +
           conclusionLine(conclusion) + ": " + escapeLine(reasonOf(a)) + "\n";
}

} // namespace teehost::cli
