// SPDX-License-Identifier: Apache-2.0
//
// What a plugin needs to judge a VM: its terms from the host, evidence from the agent.
#include <filesystem>
#include <fstream>

#include <openssl/crypto.h>

#include "host/appraisal/attestor.h"
#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::appraisal {
namespace {

using plugin::Bytes;

constexpr std::size_t kMaxPolicy = 256u << 10;

/// The operator's policy for a plugin; empty when there is none. Throws FailedPrecondition.
std::string readPolicy(const std::string& directory, const std::string& plugin)
{
    if (directory.empty())
        return {};
    const auto path = std::filesystem::path(directory) / (plugin + ".json");
    std::error_code error;
    if (!std::filesystem::exists(path, error) && !error)
        return {};
    std::ifstream in(path, std::ios::binary);
    std::string text(kMaxPolicy + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
    if (in.bad() || text.empty() || text.size() > kMaxPolicy || !isUtf8(text))
        throw Error(Category::FailedPrecondition, "the policy \"" + path.string() + "\" cannot be used",
                    "it has to be a JSON document of at most 256 KiB; see docs/attestation.md",
                    "attest.policy_dir");
    return text;
}

plugin::CheckResult challengeResult(plugin::Verdict verdict, std::string message)
{
    plugin::CheckResult out;
    out.id = "host.challenge";
    out.title = "Key answers a challenge";
    out.verdict = verdict;
    out.message = printable(message);
    return out;
}

/// The agent did not get to answer, or said that it could not for now.
bool isSilence(const Error& error)
{
    switch (error.category()) {
    case Category::Unavailable:
    case Category::DeadlineExceeded:
    case Category::Cancelled:
    case Category::ResourceExhausted:
        return true;
    default:
        return false;
    }
}

} // namespace

/// Nothing for a plugin that has nothing to say of this VM.
asio::awaitable<std::optional<Matter>> Attestor::gather(const plugin::Plugin* plugin,
                                                        vm::AttestationSubject* subject,
                                                        agent::AgentSession* session, Bytes nonce)
{
    Matter matter;
    matter.plugin = plugin;
    const std::string id = plugin->info().id;
    const auto& record = subject->record;
    if (const auto it = record.references.find(id); it != record.references.end())
        matter.references = it->second;
    else
        matter.references.missing = "none were computed when the VM was launched";
    if (const auto it = record.kept.find(id); it != record.kept.end())
        matter.kept = it->second;
    std::optional<Terms> terms;
    try {
        terms = co_await termsOf(plugin, subject);
    } catch (const Error& error) {
        matter.trouble = error.what();
    }
    if (!matter.trouble.empty())
        co_return matter;
    if (!terms)
        co_return std::nullopt;
    matter.policyJson = terms->policyJson;
    try {
        Bytes evidence = co_await session->attestation(terms->type, nonce);
        subject->agentSpoke();
        matter.evidence.push_back({"", std::move(evidence)});
        if (plugin->hasChallenge())
            co_await challenge(&matter, subject, session);
    } catch (const Error& error) {
        matter.trouble = error.what();
        matter.agentSilent = true;
    }
    co_return matter;
}

asio::awaitable<std::optional<Attestor::Terms>> Attestor::termsOf(const plugin::Plugin* plugin,
                                                                  vm::AttestationSubject* subject)
{
    const auto limit = deadline();
    auto look = [plugin, facts = subject->facts, directory = supervisor_.settings().text("attest.policy_dir"),
                 call = callUntil(limit)]() -> std::optional<Terms> {
        const auto type = plugin->evidenceIfAny(call, facts);
        if (!type)
            return std::nullopt;
        return Terms{*type, readPolicy(directory, plugin->info().id)};
    };
    co_return co_await calls_.run(look, limit, subject->changed, subject->ended);
}

/// An agent that refuses is no failure of its own: what follows from it is the plugin's to say. One that
/// does not answer throws.
asio::awaitable<void> Attestor::challenge(Matter* matter, vm::AttestationSubject* subject,
                                          agent::AgentSession* session)
{
    std::optional<plugin::Challenge> made;
    std::string refusal;
    try {
        std::vector<plugin::Blob> endorsement = co_await session->endorsement();
        matter->evidence.insert(matter->evidence.end(), endorsement.begin(), endorsement.end());
        made = co_await makeChallenge(*matter, subject);
        if (!made)
            co_return;
        const Bytes answer = co_await session->answer(made->challenge);
        if (answer.size() != made->answer.size() ||
            ::CRYPTO_memcmp(answer.data(), made->answer.data(), answer.size()) != 0) {
            matter->challenge = challengeResult(plugin::Verdict::Fail, "the agent's answer is wrong");
            co_return;
        }
    } catch (const Error& error) {
        if (isSilence(error))
            throw;
        refusal = error.what();
    }
    if (!refusal.empty()) {
        matter->challenge = challengeResult(plugin::Verdict::Skip, refusal);
        co_return;
    }
    matter->answered = made->reference;
    matter->challenge = challengeResult(plugin::Verdict::Pass, "the agent's answer is right");
}

asio::awaitable<std::optional<plugin::Challenge>> Attestor::makeChallenge(const Matter& matter,
                                                                          vm::AttestationSubject* subject)
{
    const auto limit = deadline();
    auto make = [plugin = matter.plugin, facts = subject->facts, evidence = matter.evidence,
                 call = callUntil(limit)] { return plugin->challenge(call, facts, evidence); };
    co_return co_await calls_.run(make, limit, subject->changed, subject->ended);
}

} // namespace teehost::appraisal
