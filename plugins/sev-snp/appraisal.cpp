// SPDX-License-Identifier: Apache-2.0
#include "appraisal.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include <teehost/kit/bound_data.h>
#include <teehost/kit/reader.h>

namespace teehost::sev_snp {
namespace {

using kit::judged;

/// A right that is forbidden unless the policy grants it.
CheckLine forbiddenByDefault(const Report& report, PolicyBit bit, const std::optional<bool>& granted,
                             std::string_view id, const std::string& what)
{
    const bool set = has(report.policy, bit);
    if (!set)
        return judged(id, true, "", "the guest policy forbids " + what);
    CheckLine line =
        judged(id, granted.value_or(false), "policy:guest_policy",
               granted.value_or(false) ? "the guest policy allows " + what + ", and so does the policy given"
                                       : "the guest policy allows " + what);
    if (!granted.value_or(false))
        line.hint = "a VM for development may be accepted with a policy that says so";
    return line;
}

CheckLine measurementCheck(const Report& report, const std::vector<sdk::RegisterValue>& expected)
{
    std::string wanted;
    bool kept = false;
    for (const auto& one : expected) {
        if (!one.name.empty() && one.name != "LAUNCH_DIGEST")
            return {std::string(check_id::kMeasurement), Outcome::Error, "policy:measurement",
                    "a report of SEV-SNP has no register \"" + std::string(one.name) + "\"",
                    "its only register is LAUNCH_DIGEST"};
        if (one.digest.size() != report.measurement.size())
            return {std::string(check_id::kMeasurement), Outcome::Error, "policy:measurement",
                    "a launch digest has " + std::to_string(report.measurement.size()) +
                        " bytes (SHA-384), the one that is expected has " + std::to_string(one.digest.size()),
                    "give the launch digest that `teehost measure --backend sev-snp` computes"};
        wanted += (wanted.empty() ? "" : " or ") + kit::toHex(one.digest);
        kept = kept || kit::equal(one.digest, report.measurement);
    }
    return judged(check_id::kMeasurement, kept, "policy:measurement",
                  kept ? "the guest was launched with what is expected"
                       : "the guest was launched with something else",
                  wanted, kit::toHex(report.measurement));
}

/// Reference values as measure emits them, by key.
std::string textOf(const th_value& value)
{
    switch (value.type) {
    case TH_T_UINT:
        return std::to_string(value.u);
    case TH_T_BOOL:
        return value.u != 0 ? "true" : "false";
    case TH_T_STRING:
        return std::string(sdk::view(value.s));
    case TH_T_BYTES:
        return kit::toHex(sdk::view(value.b));
    default:
        return {};
    }
}

using Reader = std::function<std::string(const Report&)>;
const std::map<std::string_view, Reader>& references()
{
    static const std::map<std::string_view, Reader> kReaders{
        {"snp.policy", [](const Report& r) { return kit::hexNumber(r.policy); }},
        {"snp.host_data", [](const Report& r) { return kit::toHex(r.hostData); }},
        {"snp.family_id", [](const Report& r) { return kit::toHex(r.familyId); }},
        {"snp.image_id", [](const Report& r) { return kit::toHex(r.imageId); }},
        {"snp.guest_svn", [](const Report& r) { return std::to_string(r.guestSvn); }},
        {"snp.id_key_digest", [](const Report& r) { return kit::toHex(r.idKeyDigest); }},
        {"snp.author_key_digest", [](const Report& r) { return kit::toHex(r.authorKeyDigest); }},
        {"snp.vmpl", [](const Report& r) { return std::to_string(r.vmpl); }},
    };
    return kReaders;
}

CheckLine referenceCheck(const Report& report, const th_named& reference)
{
    const std::string_view key = sdk::view(reference.key);
    const auto reader = references().find(key);
    if (reader == references().end())
        return {std::string(check_id::kReferencePrefix) + "unknown", Outcome::Error, "policy:reference",
                "the reference value \"" + std::string(key) + "\" is not one of SEV-SNP"};
    const std::string expected = textOf(reference.value), actual = reader->second(report);
    return judged(std::string(check_id::kReferencePrefix) +
                      std::string(key.substr(std::string_view("snp.").size())),
                  expected == actual, "policy:reference",
                  std::string(key) + (expected == actual ? " is" : " is not") + " as it was measured",
                  expected, actual);
}

/// One check a rule: what came of several keys of one rule is put together.
void addRules(const std::vector<RuleResult>& rules, std::vector<CheckLine>& out)
{
    for (const RuleResult& rule : rules)
        out.push_back(judged(std::string(check_id::kPolicyPrefix) + std::string(rule.key), rule.kept,
                             "policy:" + std::string(rule.rule), rule.message, rule.expected, rule.actual));
}

} // namespace

std::vector<CheckLine> appraiseRequest(const Report& report, std::optional<ProductLine> line,
                                       const Policy& policy, const sdk::VerifyRequest& request)
{
    std::vector<CheckLine> out{
        forbiddenByDefault(report, PolicyBit::Debug, policy.allowDebug, check_id::kDebug,
                           "debugging, with which the host can read the guest's memory"),
        forbiddenByDefault(report, PolicyBit::MigrateMa, policy.allowMigrationAgent, check_id::kMigration,
                           "a migration agent, which can move the guest elsewhere")};
    if (!request.reportData.empty())
        out.push_back(kit::boundDataCheck(check_id::kReportData, "policy:report_data", request.reportData,
                                          report.reportData));
    if (!request.expected.empty())
        out.push_back(measurementCheck(report, request.expected));
    bool unknown = false;
    for (const th_named& reference : request.reference) {
        if (sdk::view(reference.key) == reference::kCpuSignature)
            continue; // it is in the launch digest, and nowhere else in a report
        CheckLine check = referenceCheck(report, reference);
        if (check.outcome != Outcome::Error || !std::exchange(unknown, true)) // one such check is enough
            out.push_back(std::move(check));
    }
    if (request.policyJson.empty())
        return out;
    const std::size_t before = out.size();
    addRules(appraise(report, line, policy), out);
    if (out.size() == before)
        out.push_back(judged(std::string(check_id::kPolicyPrefix) + "rules", true, "",
                             "the policy has no rule that a report can break"));
    return out;
}

} // namespace teehost::sev_snp
