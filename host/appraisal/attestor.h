// SPDX-License-Identifier: Apache-2.0
//
// Asks running VMs for evidence, has it judged, and sees to what follows: when somebody wants to know, and at
// an interval for a VM's whole life.
#pragma once

#include "host/base/async.h"

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "host/agent/agent_client.h"
#include "host/appraisal/appraise.h"
#include "host/vm/plugin_calls.h"
#include "host/vm/supervisor.h"

namespace teehost::appraisal {

inline constexpr std::size_t kNonceBytes = 32, kLeastNonceBytes = 8;

/// On the io_context thread, but for the constructor.
class Attestor {
public:
    Attestor(vm::Supervisor& supervisor, vm::PluginCalls& calls, const Log& log);

    /// Answers when the verdict is recorded. An empty nonce: a fresh one. Of two calls for one VM the second
    /// waits. Throws NotFound, FailedPrecondition for a VM that does not run or that nothing attests,
    /// InvalidArgument for a nonce that cannot be used, Aborted when the VM ends meanwhile.
    asio::awaitable<vm::Verdict> attest(VmId id, plugin::Bytes nonce);

    /// Attests every running VM at attest.interval until stop(); returns at once when that is 0.
    asio::awaitable<void> run();
    /// Ends run(), and breaks off what is being asked. Any thread.
    void stop();

private:
    struct Terms {
        std::uint32_t type = 0; ///< of the evidence to ask for
        std::string policyJson;
    };
    struct Asking;

    asio::awaitable<void> waitForTurn(VmId id);
    asio::awaitable<vm::Verdict> ask(vm::AttestationSubject subject, plugin::Bytes nonce);
    asio::awaitable<vm::Verdict> judge(std::vector<Matter> matters, vm::AttestationSubject* subject,
                                       plugin::Bytes nonce);
    void expectGoingOn() const;

    // attestor_ask.cpp
    asio::awaitable<std::optional<Matter>> gather(const plugin::Plugin* plugin,
                                                  vm::AttestationSubject* subject,
                                                  agent::AgentSession* session, plugin::Bytes nonce);
    asio::awaitable<std::optional<Terms>> termsOf(const plugin::Plugin* plugin,
                                                  vm::AttestationSubject* subject);
    asio::awaitable<void> challenge(Matter* matter, vm::AttestationSubject* subject,
                                    agent::AgentSession* session);
    asio::awaitable<std::optional<plugin::Challenge>> makeChallenge(const Matter& matter,
                                                                    vm::AttestationSubject* subject);

    [[nodiscard]] plugin::CallContext callUntil(Clock::time_point limit) const;
    [[nodiscard]] Clock::time_point deadline() const;
    void react(VmId id, const vm::Verdict& verdict);

    // attestor_interval.cpp
    void begin(const VmId& id);
    void lookForDue(Clock::duration interval);
    [[nodiscard]] Clock::time_point firstDue(const vm::VmView& view, Clock::duration interval);
    /// Between 0 and `most`.
    [[nodiscard]] Clock::duration random(Clock::duration most);

    vm::Supervisor& supervisor_;
    vm::PluginCalls& calls_;
    const Log& log_;
    agent::AgentCalls agents_;
    /// Owned here alone: a call that is dropped unfinished looks whether it is still there.
    std::shared_ptr<Asking> asking_;
    std::shared_ptr<std::atomic<bool>> stopped_ = std::make_shared<std::atomic<bool>>(false);
    std::map<VmId, Clock::time_point> due_;
    std::size_t running_ = 0; ///< of those that the interval began
    std::minstd_rand jitter_{std::random_device{}()};
};

} // namespace teehost::appraisal
