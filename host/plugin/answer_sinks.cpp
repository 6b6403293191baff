// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/answer_sinks.h"

#include <algorithm>
#include <utility>

#include "host/base/text.h"

namespace teehost::plugin {

namespace {

constexpr unsigned kMaxConfidence = 100;
constexpr std::size_t kMaxChallenge = 1024, kMinAnswer = 16;

[[noreturn]] void invalid(const std::string& message) { throw Error(Category::InvalidArgument, message); }
[[noreturn]] void duplicate(const std::string& message) { throw Error(Category::AlreadyExists, message); }

/// Dotted lower-case words; a family ends in ".*".
bool isCheckId(std::string_view id)
{
    if (id.ends_with(".*"))
        id.remove_suffix(2);
    return !id.empty() && id.front() != '.' && id.back() != '.' &&
           std::all_of(id.begin(), id.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
           });
}

Verdict takeVerdict(th_verdict verdict) noexcept
{
    switch (verdict) {
    case TH_V_UNSET:
        return Verdict::Unset;
    case TH_V_PASS:
        return Verdict::Pass;
    case TH_V_FAIL:
        return Verdict::Fail;
    case TH_V_WARN:
        return Verdict::Warn;
    case TH_V_SKIP:
        return Verdict::Skip;
    default:
        return Verdict::Error;
    }
}

void expectNotNull(const void* pointer, const char* what)
{
    if (pointer == nullptr)
        invalid(std::string(what) + " is a null pointer");
}

Named takeNew(const th_named* named, const char* what, std::set<std::string>& keys)
{
    expectNotNull(named, what);
    Named out = takeNamed(*named, what);
    if (!keys.insert(out.key).second)
        duplicate(std::string(what) + " \"" + printable(out.key) + "\" is given twice");
    return out;
}

} // namespace

CheckSpecSink::CheckSpecSink() : table_{}
{
    table_ = {sizeof table_, 0, this, [](const th_check_spec_sink* s, const th_check_spec* spec) noexcept {
                  auto& self = stateOf<CheckSpecSink>(s);
                  return self.take([&] { self.add(spec); });
              }};
}

void CheckSpecSink::add(const th_check_spec* raw)
{
    expectStruct(raw, "check declaration");
    CheckSpec spec;
    spec.id = takeName(raw->id, "check id");
    if (!isCheckId(spec.id))
        invalid("check id \"" + printable(spec.id) + "\" is not dotted lower-case words");
    spec.title = takeName(raw->title, "title of check " + spec.id);
    spec.required = (raw->flags & TH_CHECK_REQUIRED) != 0;
    spec.ifReportData = (raw->flags & TH_CHECK_IF_REPORT_DATA) != 0;
    spec.ifExpected = (raw->flags & TH_CHECK_IF_EXPECTED) != 0;
    spec.ifReference = (raw->flags & TH_CHECK_IF_REFERENCE) != 0;
    spec.ifPolicy = (raw->flags & TH_CHECK_IF_POLICY) != 0;
    for (const CheckSpec& other : specs_)
        if (other.id == spec.id)
            duplicate("check " + spec.id + " is declared twice");
    specs_.push_back(std::move(spec));
}

std::vector<CheckSpec> CheckSpecSink::finish()
{
    rethrow();
    return std::move(specs_);
}

CheckSink::CheckSink(const std::vector<CheckSpec>& declared) : declared_(declared), table_{}
{
    table_ = {sizeof table_, 0, this,
              [](const th_check_sink* s, const th_check* check) noexcept {
                  auto& self = stateOf<CheckSink>(s);
                  return self.take([&] { self.check(check); });
              },
              [](const th_check_sink* s, const th_named* claim) noexcept {
                  auto& self = stateOf<CheckSink>(s);
                  return self.take([&] { self.claim(claim); });
              }};
}

void CheckSink::check(const th_check* raw)
{
    expectStruct(raw, "check");
    CheckResult check;
    check.id = takeName(raw->id, "check id");
    const CheckSpec* spec = check.id.ends_with(".*") ? nullptr : findSpec(declared_, check.id);
    if (spec == nullptr)
        invalid("check \"" + printable(check.id) + "\" is not declared");
    check.title = spec->title;
    check.verdict = takeVerdict(raw->verdict);
    check.unfit = raw->verdict == TH_V_UNFIT;
    check.message = takeText(raw->message, "message of check " + check.id);
    if (check.message.empty() && check.verdict != Verdict::Pass)
        invalid("check " + check.id + " is " + verdictName(check.verdict) + " and does not say why");
    check.hint = takeText(raw->hint, "hint of check " + check.id);
    check.expected = takeClaim(raw->expected, "expected value of check " + check.id);
    check.actual = takeClaim(raw->actual, "actual value of check " + check.id);
    reported_.checks.push_back(std::move(check));
}

void CheckSink::claim(const th_named* claim)
{
    reported_.claims.push_back(takeNew(claim, "claim", claimKeys_));
}

CheckSink::Reported CheckSink::finish()
{
    rethrow();
    return std::move(reported_);
}

ClaimSink::ClaimSink() : table_{}
{
    table_ = {sizeof table_, 0, this, [](const th_claim_sink* s, const th_named* claim) noexcept {
                  auto& self = stateOf<ClaimSink>(s);
                  return self.take([&] { self.claim(claim); });
              }};
}

void ClaimSink::claim(const th_named* claim) { claims_.push_back(takeNew(claim, "claim", keys_)); }

std::vector<Named> ClaimSink::finish()
{
    rethrow();
    return std::move(claims_);
}

MeasureSink::MeasureSink() : table_{}
{
    table_ = {sizeof table_,
              0,
              this,
              [](const th_measure_sink* s, const th_register* reg) noexcept {
                  auto& self = stateOf<MeasureSink>(s);
                  return self.take([&] { self.reg(reg); });
              },
              [](const th_measure_sink* s, const th_named* value) noexcept {
                  auto& self = stateOf<MeasureSink>(s);
                  return self.take([&] { self.value(value); });
              },
              [](const th_measure_sink* s, const th_measure_event* event) noexcept {
                  auto& self = stateOf<MeasureSink>(s);
                  return self.take([&] { self.event(event); });
              }};
}

void MeasureSink::reg(const th_register* raw)
{
    expectStruct(raw, "register");
    Register reg = takeRegister(raw->name, raw->alg, raw->digest, "register");
    for (const Register& other : measurement_.registers)
        if (other == reg) // with another digest it is an alternative
            duplicate("register \"" + printable(reg.name) + "\" is given twice with the same " +
                      algName(reg.alg));
    measurement_.registers.push_back(std::move(reg));
}

void MeasureSink::value(const th_named* raw)
{
    expectNotNull(raw, "reference value");
    Named value = takeNamed(*raw, "reference value");
    for (const Named& other : measurement_.values)
        if (other.key == value.key)
            duplicate("reference value \"" + printable(value.key) + "\" is given twice");
    measurement_.values.push_back(std::move(value));
}

void MeasureSink::event(const th_measure_event* raw)
{
    expectStruct(raw, "event");
    Register extended = takeRegister(raw->reg, raw->alg, raw->digest, "event of register");
    measurement_.events.push_back({std::move(extended.name), extended.alg, takeName(raw->what, "event"),
                                   takeText(raw->source, "source of an event"), std::move(extended.digest)});
}

Measurement MeasureSink::finish()
{
    rethrow();
    return std::move(measurement_);
}

ChallengeSink::ChallengeSink() : table_{}
{
    table_ = {sizeof table_, 0, this,
              [](const th_challenge_sink* s, th_bytes challenge, th_bytes answer) noexcept {
                  auto& self = stateOf<ChallengeSink>(s);
                  return self.take([&] { self.challenge(challenge, answer); });
              },
              [](const th_challenge_sink* s, const th_named* value) noexcept {
                  auto& self = stateOf<ChallengeSink>(s);
                  return self.take([&] { self.value(value); });
              }};
}

void ChallengeSink::challenge(th_bytes challenge, th_bytes answer)
{
    if (std::exchange(given_, true))
        duplicate("a challenge is given twice");
    challenge_.challenge = takeBytes(challenge, "challenge");
    challenge_.answer = takeBytes(answer, "answer to the challenge");
    if (challenge_.challenge.size() > kMaxChallenge)
        invalid("a challenge has more than " + std::to_string(kMaxChallenge) + " bytes");
    if (challenge_.answer.size() < kMinAnswer)
        invalid("the answer to the challenge can be guessed: it has fewer than " +
                std::to_string(kMinAnswer) + " bytes");
}

void ChallengeSink::value(const th_named* value)
{
    challenge_.reference.push_back(takeNew(value, "reference value", keys_));
}

std::optional<Challenge> ChallengeSink::finish()
{
    rethrow();
    return given_ ? std::optional(std::move(challenge_)) : std::nullopt;
}

FindingSink::FindingSink() : table_{}
{
    table_ = {sizeof table_, 0, this, [](const th_finding_sink* s, const th_finding* finding) noexcept {
                  auto& self = stateOf<FindingSink>(s);
                  return self.take([&] { self.finding(finding); });
              }};
}

void FindingSink::finding(const th_finding* raw)
{
    expectStruct(raw, "finding");
    findings_.push_back(
        {std::min(raw->confidence, kMaxConfidence), takeName(raw->cause, "cause of a finding"),
         takeText(raw->remedy, "remedy of a finding"), takeText(raw->quote, "quote of a finding")});
}

std::vector<Finding> FindingSink::finish()
{
    rethrow();
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const Finding& a, const Finding& b) { return a.confidence > b.confidence; });
    return std::move(findings_);
}

CapacitySink::CapacitySink() : table_{}
{
    table_ = {sizeof table_, 0, this, [](const th_capacity_sink* s, const th_capacity* capacity) noexcept {
                  auto& self = stateOf<CapacitySink>(s);
                  return self.take([&] { self.resource(capacity); });
              }};
}

void CapacitySink::resource(const th_capacity* raw)
{
    expectStruct(raw, "capacity");
    Capacity capacity{takeName(raw->resource, "resource"), raw->total, std::nullopt, raw->per_vm};
    if ((raw->flags & TH_CAPACITY_IN_USE_KNOWN) != 0)
        capacity.inUse = raw->in_use;
    if (capacity.perVm == 0)
        invalid("resource \"" + printable(capacity.resource) + "\" is used up by no VM");
    for (const Capacity& other : resources_)
        if (other.resource == capacity.resource)
            duplicate("resource \"" + printable(capacity.resource) + "\" is given twice");
    resources_.push_back(std::move(capacity));
}

std::vector<Capacity> CapacitySink::finish()
{
    rethrow();
    return std::move(resources_);
}

} // namespace teehost::plugin
