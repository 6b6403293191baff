// SPDX-License-Identifier: Apache-2.0
#include "host/appraisal/appraise.h"

#include <map>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/plugin/relied_evidence.h"

namespace teehost::appraisal {
namespace {

using plugin::CheckResult;
using plugin::VerifyRequest;
using plugin::VerifyResult;
using vm::Standing;

constexpr std::size_t kMaxWords = 600; // of a reason, before they are escaped

/// What a plugin, an agent or evidence says, fit for a terminal, a log line and a row.
std::string shown(const std::string& words)
{
    if (words.size() <= kMaxWords)
        return printable(words);
    std::size_t end = kMaxWords;
    while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0) == 0x80) // within a character
        --end;
    return printable(words.substr(0, end)) + "...";
}

struct Opinion {
    vm::PluginVerdict verdict;
    Standing standing = Standing::Undecided;
};

void append(std::vector<plugin::Named>& to, const std::vector<plugin::Named>& from)
{
    to.insert(to.end(), from.begin(), from.end());
}

VerifyRequest requestOf(const Matter& matter, const plugin::Bytes& nonce)
{
    VerifyRequest request;
    request.evidence = matter.evidence;
    request.expected = matter.references.measurement.registers;
    request.reference = matter.references.measurement.values;
    append(request.reference, matter.kept);
    append(request.reference, matter.answered);
    request.reportData = nonce;
    request.policyJson = matter.policyJson;
    return request;
}

Opinion undecided(const Matter& matter, const std::string& why)
{
    Opinion out{{matter.plugin->info().id, {}}, Standing::Undecided};
    out.verdict.result.reason = shown(why);
    return out;
}

/// Counts what the evidence is unfit for as failed: the agent chose what it answers, and one that sends
/// garbage must not be better off than one that sends a lie.
void holdAgainstTheGuest(VerifyResult& result)
{
    for (CheckResult& check : result.checks)
        if (check.unfit)
            check.verdict = plugin::Verdict::Fail;
}

/// The first check that says no; a lie before what cannot be read.
const CheckResult* firstAgainst(const VerifyResult& result)
{
    for (const CheckResult& check : result.checks)
        if (check.verdict == plugin::Verdict::Fail && !check.unfit)
            return &check;
    return plugin::firstUnfit(result);
}

/// The first check that says no, else the first that could not say.
std::string reasonOf(const VerifyResult& result)
{
    const CheckResult* first = firstAgainst(result);
    return shown(first == nullptr ? result.reason : first->title + ": " + first->message);
}

/// Whether the plugin could have said what the VM must show, and has not.
std::string unmeasured(const Matter& matter)
{
    const auto& references = matter.references;
    if (!matter.plugin->hasMeasure() ||
        (references.missing.empty() && !references.measurement.registers.empty()))
        return {};
    return "the evidence is genuine, but there are no reference values to hold it against: " +
           (references.missing.empty() ? "nothing of the VM can be computed beforehand" : references.missing);
}

/// `verify` makes the plugin judge.
template <class Verify>
Opinion judge(const Matter& matter, Verify&& verify)
{
    Opinion out{{matter.plugin->info().id, {}}, Standing::Undecided};
    try {
        out.verdict.result = verify(*matter.plugin);
    } catch (const Error& error) {
        return undecided(matter, error.what());
    }
    auto& result = out.verdict.result;
    holdAgainstTheGuest(result);
    if (result.accepted)
        out.standing = Standing::Attested;
    else if (firstAgainst(result) != nullptr)
        out.standing = Standing::Failed;
    result.reason = result.accepted ? "" : reasonOf(result);
    if (const auto why = unmeasured(matter); result.accepted && !why.empty()) {
        result.accepted = false;
        result.reason = shown(why);
        out.standing = Standing::Undecided;
    }
    return out;
}

/// Who judges evidence that `relying` hands on; null when nobody else knows its kind.
const Matter* judgeOf(const plugin::Blob& evidence, const Matter& relying, const std::vector<Matter>& matters)
{
    const Matter* best = nullptr;
    int certainty = 0;
    for (const auto& matter : matters) {
        if (matter.plugin == relying.plugin)
            continue;
        if (const int sure = matter.plugin->recognise(evidence); sure > certainty) {
            best = &matter;
            certainty = sure;
        }
    }
    return best;
}

/// What another plugin of the VM says of it. That it answers the nonce is what the first one has seen to.
Opinion judgeRelied(const plugin::ReliedEvidence& relied, const Matter& judging,
                    const plugin::CallContext& call)
{
    VerifyRequest request = requestOf(judging, {});
    request.evidence = relied.evidence;
    request.collateral = relied.collateral;
    Opinion out =
        judge(judging, [&](const plugin::Plugin& its) { return plugin::verifyRelied(its, call, request); });
    if (out.standing == Standing::Attested && !plugin::reliedOn(out.verdict.result).evidence.empty())
        return undecided(judging,
                         "it relies on evidence in evidence that was handed on, which nobody follows");
    return out;
}

/// Each piece is for the plugin that knows its kind, and all that one knows are for it together.
std::vector<Opinion> judgeRelied(const plugin::ReliedEvidence& relied, const Matter& relying,
                                 const std::vector<Matter>& matters, const plugin::CallContext& call)
{
    std::vector<Opinion> out;
    std::map<const Matter*, plugin::ReliedEvidence> shares;
    for (const auto& piece : relied.evidence) {
        const Matter* judging = judgeOf(piece, relying, matters);
        if (judging == nullptr) {
            out.push_back(undecided(relying, "it relies on evidence of the kind " + piece.kind +
                                                 ", which no other plugin of the VM verifies"));
            continue;
        }
        auto& share = shares[judging];
        share.evidence.push_back(piece);
        share.collateral = relied.collateral;
    }
    for (const auto& [judging, share] : shares)
        out.push_back(judgeRelied(share, *judging, call));
    return out;
}

/// A wrong answer is a lie, however the policy lets keys be bound.
void addChallenge(const CheckResult& challenge, Opinion& opinion)
{
    auto& result = opinion.verdict.result;
    result.checks.push_back(challenge);
    if (challenge.verdict != plugin::Verdict::Fail)
        return;
    result.accepted = false;
    result.reason = shown(challenge.title + ": " + challenge.message);
    opinion.standing = Standing::Failed;
}

void merge(Opinion opinion, vm::Verdict& verdict)
{
    if (opinion.standing == Standing::Failed && verdict.standing != Standing::Failed) {
        verdict.standing = Standing::Failed;
        verdict.reason.clear();
    } else if (opinion.standing == Standing::Undecided && verdict.standing == Standing::Attested) {
        verdict.standing = Standing::Undecided;
    }
    if (opinion.standing == verdict.standing && opinion.standing != Standing::Attested &&
        verdict.reason.empty())
        verdict.reason = opinion.verdict.plugin + ": " + opinion.verdict.result.reason;
    verdict.plugins.push_back(std::move(opinion.verdict));
}

/// As exact as the store keeps it.
std::chrono::system_clock::time_point now()
{
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

} // namespace

vm::Verdict undecidedVerdict(const plugin::Bytes& nonce, std::string reason)
{
    vm::Verdict verdict;
    verdict.standing = Standing::Undecided;
    verdict.at = now();
    verdict.nonce = nonce;
    verdict.reason = std::move(reason);
    return verdict;
}

vm::Verdict appraise(const std::vector<Matter>& matters, const plugin::Bytes& nonce,
                     const plugin::CallContext& call)
{
    if (matters.empty())
        return undecidedVerdict(nonce, "nothing attests this VM");
    vm::Verdict verdict;
    verdict.standing = Standing::Attested;
    verdict.nonce = nonce;
    std::vector<std::string> names;
    for (const auto& matter : matters) {
        names.push_back(matter.plugin->info().id);
        Opinion opinion =
            matter.trouble.empty()
                ? judge(matter,
                        [&](const plugin::Plugin& its) { return its.verify(call, requestOf(matter, nonce)); })
                : undecided(matter, matter.trouble);
        const plugin::ReliedEvidence relied = plugin::reliedOn(opinion.verdict.result);
        if (matter.challenge)
            addChallenge(*matter.challenge, opinion);
        merge(std::move(opinion), verdict);
        for (auto& other : judgeRelied(relied, matter, matters, call)) {
            other.verdict.relied = true;
            merge(std::move(other), verdict);
        }
    }
    if (verdict.standing == Standing::Attested)
        verdict.reason = "attested by " + join(names, " and ");
    verdict.at = now();
    return verdict;
}

} // namespace teehost::appraisal
