// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/acceptance.h"

#include <algorithm>

#include "host/base/error.h"

namespace teehost::plugin {

namespace {

bool isRequired(const CheckSpec& spec, const VerifyRequest& request) noexcept
{
    return spec.required || (spec.ifReportData && !request.reportData.empty()) ||
           (spec.ifExpected && !request.expected.empty()) ||
           (spec.ifReference && !request.reference.empty()) || (spec.ifPolicy && !request.policyJson.empty());
}

auto countOf(const std::vector<CheckResult>& checks, std::string_view id)
{
    return std::count_if(checks.begin(), checks.end(), [&](const CheckResult& c) { return c.id == id; });
}

/// What stands against acceptance in the reported checks themselves; empty if nothing.
std::string firstObjection(const std::vector<CheckResult>& checks)
{
    for (const CheckResult& check : checks) {
        if (check.verdict == Verdict::Fail || check.verdict == Verdict::Error ||
            check.verdict == Verdict::Unset)
            return "check " + check.id + " is " + verdictName(check.verdict) + ": " + check.message;
        if (check.required && check.verdict != Verdict::Pass)
            return "required check " + check.id + " is " + verdictName(check.verdict) + ": " + check.message;
        if (countOf(checks, check.id) > 1)
            return "check " + check.id + " was reported more than once";
    }
    return {};
}

/// A required check that nobody reported; empty if there is none.
std::string firstMissing(const std::vector<CheckSpec>& declared, const VerifyRequest& request,
                         const std::vector<CheckResult>& checks)
{
    bool any_required = false;
    for (const CheckSpec& spec : declared) {
        if (!isRequired(spec, request))
            continue;
        any_required = true;
        const bool reported = std::any_of(checks.begin(), checks.end(), [&](const CheckResult& c) {
            return findSpec(declared, c.id) == &spec;
        });
        if (!reported)
            return "required check " + spec.id + " was not reported";
    }
    return any_required ? std::string() : "the plugin declares no required check, so nothing was proved";
}

} // namespace

bool CheckSpec::matches(std::string_view reported_id) const noexcept
{
    if (!isFamily())
        return reported_id == id;
    const std::string_view prefix = std::string_view(id).substr(0, id.size() - 1); // with the dot
    return reported_id.size() > prefix.size() && reported_id.starts_with(prefix);
}

const CheckSpec* findSpec(const std::vector<CheckSpec>& declared, std::string_view id) noexcept
{
    const CheckSpec* family = nullptr;
    for (const CheckSpec& spec : declared) {
        if (spec.isFamily() ? spec.matches(id) && family == nullptr : false)
            family = &spec;
        if (!spec.isFamily() && spec.matches(id))
            return &spec; // its own declaration is more specific than a family's
    }
    return family;
}

void expectLooksAtAll(const std::vector<CheckSpec>& declared, const VerifyRequest& request)
{
    const auto need = [&](bool present, bool CheckSpec::*looks_at, const char* what) {
        if (present &&
            std::none_of(declared.begin(), declared.end(), [&](const CheckSpec& s) { return s.*looks_at; }))
            throw Error(Category::Unimplemented, std::string("the plugin has no check for ") + what);
    };
    need(!request.reportData.empty(), &CheckSpec::ifReportData, "report data");
    need(!request.expected.empty(), &CheckSpec::ifExpected, "expected registers");
    need(!request.reference.empty(), &CheckSpec::ifReference, "reference values");
    need(!request.policyJson.empty(), &CheckSpec::ifPolicy, "a policy document");
}

VerifyResult judge(const std::vector<CheckSpec>& declared, const VerifyRequest& request,
                   std::vector<CheckResult> reported, std::vector<Named> claims)
{
    VerifyResult result{false, {}, std::move(reported), std::move(claims)};
    for (CheckResult& check : result.checks) {
        const CheckSpec* spec = findSpec(declared, check.id);
        check.required = spec != nullptr && isRequired(*spec, request);
    }
    result.reason = firstObjection(result.checks);
    if (result.reason.empty())
        result.reason = firstMissing(declared, request, result.checks);
    result.accepted = result.reason.empty();
    return result;
}

std::vector<ProbeCheck> completeProbe(const std::vector<CheckSpec>& declared,
                                      std::vector<CheckResult> reported)
{
    std::vector<ProbeCheck> out;
    for (CheckResult& check : reported) {
        const auto same =
            std::find_if(out.begin(), out.end(), [&](const ProbeCheck& c) { return c.id == check.id; });
        if (same != out.end()) {
            same->verdict = Verdict::Error;
            same->message = "the plugin reported this check more than once";
            continue;
        }
        const CheckSpec* spec = findSpec(declared, check.id);
        out.push_back({check.id, check.title, check.verdict, std::move(check.message), std::move(check.hint),
                       spec != nullptr && spec->required});
    }
    for (const CheckSpec& spec : declared) {
        const bool seen = std::any_of(out.begin(), out.end(),
                                      [&](const ProbeCheck& c) { return findSpec(declared, c.id) == &spec; });
        if (!seen)
            out.push_back({spec.id,
                           spec.title,
                           spec.required ? Verdict::Error : Verdict::Skip,
                           "the plugin did not report this check",
                           {},
                           spec.required});
    }
    return out;
}

} // namespace teehost::plugin
