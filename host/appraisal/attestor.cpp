// SPDX-License-Identifier: Apache-2.0
#include "host/appraisal/attestor.h"

#include <algorithm>

#include <openssl/rand.h>

#include "host/appraisal/attestor_asking.h"
#include "host/base/error.h"
#include "host/base/text.h"
#include "host/plugin/call_options.h"

namespace teehost::appraisal {
namespace {

using namespace std::chrono_literals;
using plugin::Bytes;
using vm::Standing;

constexpr std::size_t kMostWaiting = 64;
constexpr auto kGrace = 2s;
constexpr unsigned kSilencesForFailed = 3; // in a row, where a failure has consequences

Bytes freshNonce()
{
    Bytes out(kNonceBytes);
    if (::RAND_bytes(out.data(), static_cast<int>(out.size())) != 1)
        throw Error(Category::Unavailable, "the host has no random numbers for a nonce");
    return out;
}

void expectUsable(const Bytes& nonce)
{
    if (!nonce.empty() && (nonce.size() < kLeastNonceBytes || nonce.size() > kNonceBytes))
        throw InvalidArgument("must have " + std::to_string(kLeastNonceBytes) + " to " +
                                  std::to_string(kNonceBytes) + " bytes, has " + std::to_string(nonce.size()),
                              "nonce", "leave it out for a fresh one");
}

} // namespace

Attestor::Attestor(vm::Supervisor& supervisor, vm::PluginCalls& calls, const Log& log)
    : supervisor_(supervisor), calls_(calls), log_(log), agents_(supervisor.io()),
      asking_(std::make_shared<Asking>(supervisor.io()))
{
}

Clock::time_point Attestor::deadline() const
{
    return Clock::now() + supervisor_.settings().duration("attest.timeout");
}

asio::awaitable<vm::Verdict> Attestor::attest(VmId id, Bytes nonce)
{
    expectUsable(nonce);
    co_await waitForTurn(id);
    auto subject = supervisor_.subject(id.text());
    struct Place {
        std::weak_ptr<Asking> asking;
        VmId id;
        ~Place()
        {
            const auto all = asking.lock();
            if (!all) // the daemon has ended meanwhile
                return;
            all->vms.erase(id);
            all->changed.notify();
        }
    };
    asking_->vms.insert(id);
    const Place place{asking_, id};
    const std::string name = id.text();
    const auto launch = subject.launch;
    const bool ownNonce = nonce.empty();
    const Bytes asked = ownNonce ? freshNonce() : nonce;
    vm::Verdict verdict = co_await ask(std::move(subject), asked);
    expectGoingOn(); // what was broken off says nothing of the VM
    verdict.ownNonce = ownNonce;
    co_await supervisor_.record(name, launch, verdict);
    react(id, verdict);
    co_return verdict;
}

void Attestor::expectGoingOn() const
{
    if (*stopped_)
        throw Error(Category::Unavailable, "the daemon is stopping", "ask again when it is back");
}

/// One at a time for a VM.
asio::awaitable<void> Attestor::waitForTurn(VmId id)
{
    if (asking_->vms.contains(id) && asking_->waiting >= kMostWaiting)
        throw Error(Category::ResourceExhausted, "too many calls wait for a VM to be attested",
                    "each takes as long as its agent does; see attest.timeout");
    ++asking_->waiting;
    while (asking_->vms.contains(id) && !*stopped_)
        co_await asking_->changed.waitUntil(Clock::now() + kForever);
    --asking_->waiting;
    expectGoingOn();
}

asio::awaitable<vm::Verdict> Attestor::ask(vm::AttestationSubject subject, Bytes nonce)
{
    agent::AgentSession session(agents_, subject.agent, deadline());
    std::vector<Matter> matters;
    std::vector<std::string> judging;
    for (const auto* plugin : subject.plugins) {
        std::optional<Matter> matter = co_await gather(plugin, &subject, &session, nonce);
        if (!matter)
            continue;
        judging.push_back(plugin->info().id);
        matters.push_back(std::move(*matter));
    }
    const auto& judges = subject.record.judges;
    if (matters.empty() && judges.empty())
        throw Error(Category::FailedPrecondition,
                    "nothing attests this VM: none of its plugins has evidence of it",
                    "its attesters may need another firmware or option; see docs/attestation.md");
    const bool silent =
        std::any_of(matters.begin(), matters.end(), [](const Matter& one) { return one.agentSilent; });
    vm::Verdict verdict = co_await judge(std::move(matters), &subject, nonce);
    verdict.agentSilent = silent;
    for (const auto& id : judges)
        if (verdict.standing == Standing::Attested &&
            std::find(judging.begin(), judging.end(), id) == judging.end()) {
            verdict.standing = Standing::Undecided;
            verdict.reason =
                id + " judged this VM's evidence when it was launched, and does not now: is it loaded, "
                     "and set as it was?";
        }
    co_return verdict;
}

asio::awaitable<vm::Verdict> Attestor::judge(std::vector<Matter> matters, vm::AttestationSubject* subject,
                                             Bytes nonce)
{
    const auto limit = deadline();
    auto work = [matters = std::move(matters), nonce, call = callUntil(limit)] {
        return appraise(matters, nonce, call);
    };
    vm::Verdict verdict;
    try {
        // A plugin that keeps to its deadline still has time to say so.
        verdict = co_await calls_.run(work, limit + kGrace, subject->changed, subject->ended);
    } catch (const Error& error) {
        if (error.category() != Category::DeadlineExceeded)
            throw;
        verdict = undecidedVerdict(nonce, "the evidence could not be judged within attest.timeout");
    }
    co_return verdict;
}

plugin::CallContext Attestor::callUntil(Clock::time_point limit) const
{
    auto call = plugin::callContext(supervisor_.settings(), limit);
    call.cancelled = [stopped = stopped_] { return stopped->load(); };
    return call;
}

void Attestor::react(VmId id, const vm::Verdict& verdict)
{
    if (supervisor_.settings().text("attest.on_failure") != "stop" || !supervisor_.knows(id.text()))
        return;
    // What the host cannot judge is no reason to end its VMs.
    if (verdict.standing != Standing::Failed && supervisor_.get(id.text()).agentSilences < kSilencesForFailed)
        return;
    auto end = [this, id, why = "it is not attested: " + verdict.reason]() -> asio::awaitable<void> {
        try {
            const vm::StopRequest request{.reason = why, .force = true};
            static_cast<void>(co_await supervisor_.stop(id, request));
        } catch (const Error& error) {
            log_.error("a vm that is not attested could not be stopped",
                       {{"vm", id.text()}, {"error", error.what()}});
        }
    };
    spawn(supervisor_.io(), std::move(end));
}

void Attestor::stop()
{
    *stopped_ = true;
    agents_.close();
    asio::post(supervisor_.io(), [asking = std::weak_ptr(asking_)] {
        if (const auto all = asking.lock())
            all->changed.notify();
    });
}

} // namespace teehost::appraisal
