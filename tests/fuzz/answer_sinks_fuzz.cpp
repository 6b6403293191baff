// SPDX-License-Identifier: Apache-2.0
//
// A hostile plugin declares, measures and verifies: only statuses come back, and no sequence of reports makes
// the host accept evidence that a required check did not pass. Input: a letter for a function of some sink,
// then its arguments.
#include "host/plugin/answer_sinks.h"

#include <algorithm>

#include "host/settings/option_table.h"
#include "tests/fuzz/plugin_values.h"

namespace {

using namespace teehost;
using namespace plugin;
using fuzz::require;

class HostilePlugin {
public:
    explicit HostilePlugin(fuzz::Input& in) : in_(in), values_(in) {}

    /// Calls the sinks in any order; CheckSink needs the declarations and comes after.
    void declare()
    {
        while (!in_.empty()) {
            const char function = in_.byte();
            if (function == '/')
                return;
            fuzz::requireStatus(call(function));
        }
    }

    void report(CheckSink& sink)
    {
        while (!in_.empty()) {
            if (in_.byte() == 'c') {
                const th_named claim = values_.named();
                fuzz::requireStatus(sink.table()->claim(sink.table(), &claim));
                continue;
            }
            th_check made{};
            made.verdict = static_cast<th_verdict>(in_.number());
            made.id = values_.text();
            made.message = values_.text();
            made.actual = values_.value();
            fuzz::requireStatus(sink.table()->check(sink.table(), values_.sized(made)));
        }
    }

    OptionSink options{"p"};
    CheckSpecSink specs;
    MeasureSink measurement;
    FindingSink findings;
    CapacitySink capacity;
    ClaimSink claims;

private:
    th_status call(char function)
    {
        switch (function) {
        case 'o':
            return option();
        case 'r': {
            const auto alg = static_cast<th_alg>(in_.number());
            const auto name = values_.text();
            const auto* made = values_.sized(th_register{0, alg, name, values_.bytes()});
            return measurement.table()->reg(measurement.table(), made);
        }
        case 'e': {
            const auto alg = static_cast<th_alg>(in_.number());
            const auto reg = values_.text(), what = values_.text(), source = values_.text();
            const auto* made = values_.sized(th_measure_event{0, alg, reg, what, source, values_.bytes()});
            return measurement.table()->event(measurement.table(), made);
        }
        case 'v': {
            const th_named value = values_.named();
            return measurement.table()->value(measurement.table(), &value);
        }
        case 'c': {
            const th_named claim = values_.named();
            return claims.table()->claim(claims.table(), &claim);
        }
        case 'f': {
            const auto confidence = static_cast<std::uint32_t>(in_.number());
            const auto cause = values_.text(), remedy = values_.text();
            const auto* made = values_.sized(th_finding{0, confidence, cause, remedy, values_.text()});
            return findings.table()->finding(findings.table(), made);
        }
        case 'k': {
            const auto flags = static_cast<std::uint32_t>(in_.number());
            const auto resource = values_.text();
            const auto* made = values_.sized(th_capacity{0, flags, resource, in_.number(), 1, in_.number()});
            return capacity.table()->resource(capacity.table(), made);
        }
        default: {
            const auto flags = static_cast<std::uint32_t>(in_.number());
            const auto id = values_.text();
            const auto* made = values_.sized(th_check_spec{0, flags, id, values_.text()});
            return specs.table()->add(specs.table(), made);
        }
        }
    }

    th_status option()
    {
        th_option_spec made{};
        made.flags = static_cast<std::uint32_t>(in_.number());
        made.type = static_cast<th_type>(in_.number());
        made.key = values_.text();
        made.help = values_.text();
        made.default_text = values_.text();
        made.min = static_cast<std::int64_t>(in_.number());
        made.max = static_cast<std::int64_t>(in_.number());
        const auto env = values_.texts(), choices = values_.texts();
        made.env = env.ptr;
        made.env_count = env.count;
        made.choices = choices.ptr;
        made.choice_count = choices.count;
        return options.table()->add(options.table(), values_.sized(made));
    }

    fuzz::Input& in_;
    fuzz::PluginValues values_;
};

void areOptions(std::vector<settings::OptionSpec> options)
{
    settings::OptionTable table;
    std::size_t elements = 0;
    for (auto& spec : options) {
        elements += 1 + spec.env.size() + spec.choices.size();
        require(spec.key.starts_with("p."), "an option's key starts with the plugin's id");
        require(table.find(spec.key) == nullptr, "a key stands once");
        try {
            table.add(std::move(spec));
        } catch (const Error& error) {
            require(error.category() == Category::AlreadyExists,
                    "an option that was taken has a good default");
        }
    }
    require(elements <= kMaxItems, "a plugin gives at most 4096 items, elements of arrays included");
}

void isMeasurement(const Measurement& measurement)
{
    for (const auto& reg : measurement.registers)
        require(reg.digest.size() == digestSize(reg.alg) && !reg.name.empty(),
                "a digest is as long as it must be");
    for (const auto& event : measurement.events)
        require(event.digest.size() == digestSize(event.alg) && !event.what.empty(),
                "an event has its digest");
    for (const auto& value : measurement.values)
        require(!std::holds_alternative<std::monostate>(value.value), "a reference value has one");
}

/// The rule of plugin.h, section "Verify", told again in other words than acceptance.cpp.
bool mayBeAccepted(const std::vector<CheckSpec>& declared, const VerifyRequest& request,
                   const std::vector<CheckResult>& reported)
{
    bool asked = false;
    for (const auto& spec : declared) {
        const bool required = spec.required || (spec.ifReportData && !request.reportData.empty()) ||
                              (spec.ifExpected && !request.expected.empty()) ||
                              (spec.ifReference && !request.reference.empty()) ||
                              (spec.ifPolicy && !request.policyJson.empty());
        const auto passed = std::count_if(reported.begin(), reported.end(), [&](const auto& check) {
            return spec.matches(check.id) && check.verdict == Verdict::Pass;
        });
        if (required && (passed == 0 || (passed > 1 && !spec.isFamily())))
            return false;
        asked = asked || required;
    }
    for (const auto& check : reported) {
        const auto same = std::count_if(reported.begin(), reported.end(),
                                        [&](const auto& other) { return other.id == check.id; });
        if (same != 1 || check.verdict == Verdict::Fail || check.verdict == Verdict::Error ||
            check.verdict == Verdict::Unset)
            return false;
    }
    return asked;
}

void judgeAll(const std::vector<CheckSpec>& declared, const CheckSink::Reported& reported)
{
    for (unsigned asks = 0; asks < 4; ++asks) {
        VerifyRequest request;
        if ((asks & 1) != 0)
            request.reportData = {1};
        if ((asks & 2) != 0)
            request.policyJson = "{}";
        const auto result = judge(declared, request, reported.checks, reported.claims);
        require(!result.accepted || mayBeAccepted(declared, request, reported.checks),
                "evidence is accepted only when every required check passed once");
        require(result.accepted == result.reason.empty(), "what is not accepted has a reason");
    }
    for (const auto& check : completeProbe(declared, reported.checks))
        require(check.verdict != Verdict::Pass ||
                    std::any_of(reported.checks.begin(), reported.checks.end(),
                                [&](const auto& r) { return r.id == check.id; }),
                "a check that was not reported has not passed");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Input in(data, size);
    HostilePlugin hostile(in);
    hostile.declare();
    if (auto options = fuzz::unlessRefused([&] { return hostile.options.finish(); }))
        areOptions(std::move(*options));
    if (const auto measurement = fuzz::unlessRefused([&] { return hostile.measurement.finish(); }))
        isMeasurement(*measurement);
    if (const auto findings = fuzz::unlessRefused([&] { return hostile.findings.finish(); }))
        for (const auto& finding : *findings)
            require(finding.confidence <= 100 && !finding.cause.empty(), "a finding has a cause");
    if (const auto resources = fuzz::unlessRefused([&] { return hostile.capacity.finish(); }))
        for (const auto& resource : *resources)
            require(resource.perVm != 0, "a VM takes something");
    (void)fuzz::unlessRefused([&] { return hostile.claims.finish(); });

    const auto declared = fuzz::unlessRefused([&] { return hostile.specs.finish(); });
    if (!declared)
        return 0;
    CheckSink checks(*declared);
    hostile.report(checks);
    if (const auto reported = fuzz::unlessRefused([&] { return checks.finish(); }))
        judgeAll(*declared, *reported);
    return 0;
}
