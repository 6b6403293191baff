// SPDX-License-Identifier: Apache-2.0
//
// Asks the agent inside a VM for evidence. Whoever answers may be anybody, and may lie: evidence proves
// itself or nothing, so the connection is not protected, and what comes is bounded and otherwise not looked
// at.
#pragma once

#include "host/base/async.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/plugin/evidence.h"

namespace teehost::agent {

/// The calls that are out; one for the daemon. Its destructor cancels them and waits for gRPC to let go.
class AgentCalls {
public:
    explicit AgentCalls(asio::io_context& io);
    ~AgentCalls();
    AgentCalls(const AgentCalls&) = delete;
    AgentCalls& operator=(const AgentCalls&) = delete;

    /// Cancels what is out; what is begun later is Unavailable. Any thread.
    void close();

    struct State;

private:
    friend class AgentSession;
    std::shared_ptr<State> state_;
};

/// A conversation with one agent. io_context thread only. Each call throws Error: Unavailable and
/// DeadlineExceeded when nobody answers, Unimplemented, else what the agent said, made printable.
class AgentSession {
public:
    /// `address`: "127.0.0.1:7020". The deadline is that of the whole conversation.
    AgentSession(AgentCalls& calls, const std::string& address, Clock::time_point deadline);
    ~AgentSession();

    /// Evidence of the kind that AttestationRequest.type numbers; the nonce has at most 32 bytes.
    /// ResourceExhausted when there is more than 4 MiB of it.
    asio::awaitable<plugin::Bytes> attestation(std::uint32_t type, plugin::Bytes nonce);
    /// What endorses the agent's key; of an agent without teehost.v1.GuestService: Unimplemented.
    asio::awaitable<std::vector<plugin::Blob>> endorsement();
    asio::awaitable<plugin::Bytes> answer(plugin::Bytes challenge);

private:
    struct Stubs;
    std::shared_ptr<AgentCalls::State> calls_;
    std::unique_ptr<Stubs> stubs_;
    std::string address_;
    Clock::time_point deadline_;
};

} // namespace teehost::agent
