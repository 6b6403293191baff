// SPDX-License-Identifier: Apache-2.0
//
// The connection to the daemon, and RPCs that end when they should: at their deadline or at Ctrl-C.
//
//     Vm vm = client.call(&Stub::GetVm, request, kAnswerLimit);
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/client_context.h>
#include <teehost/v1/host.grpc.pb.h>

#include "cli/client/endpoint.h"
#include "cli/client/interrupt.h"
#include "cli/failure.h"

namespace teehost::cli {

using Stub = v1::HostService::Stub;

/// How long a call may take when --timeout does not say: questions, and operations that wait for a guest.
constexpr std::chrono::seconds kAnswerLimit{30};
constexpr std::chrono::seconds kOperationLimit{300};

class Client {
public:
    /// Connects. `timeout` is --timeout. Throws Failure: Usage for bad TLS files, Unreachable when nobody
    /// answers.
    Client(Endpoint endpoint, std::optional<std::chrono::nanoseconds> timeout);

    [[nodiscard]] Stub& stub() noexcept { return *stub_; }
    [[nodiscard]] const std::string& address() const noexcept { return endpoint_.address; }
    [[nodiscard]] Interrupt& interrupt() noexcept { return interrupt_; }
    /// --timeout, or `fallback` without it.
    [[nodiscard]] std::chrono::nanoseconds limit(std::chrono::nanoseconds fallback) const
    {
        return timeout_.value_or(fallback);
    }

    /// One unary RPC. Throws Failure unless it succeeds.
    template <class Request, class Response>
    Response call(grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, std::chrono::nanoseconds fallbackLimit);

private:
    void connect();
    [[nodiscard]] std::string lastConnectionError();

    Endpoint endpoint_;
    std::optional<std::chrono::nanoseconds> timeout_;
    Interrupt interrupt_; // before the channel, whose threads inherit its signal mask
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<Stub> stub_;
};

/// The context of one RPC, cancelled by an interrupt or by cancel().
class Call {
public:
    /// Without a limit the call lasts until its other end, or Ctrl-C, ends it.
    Call(Client& client, std::optional<std::chrono::nanoseconds> limit);

    [[nodiscard]] grpc::ClientContext* context() noexcept { return &context_; }
    /// May be called from any thread.
    void cancel() { context_.TryCancel(); }
    /// Throws the Failure that `status` of this finished call stands for; nothing when it is OK.
    void check(const grpc::Status& status) const;

private:
    Client& client_;
    grpc::ClientContext context_;
    Interrupt::Action onInterrupt_; // after context_, which its action uses
};

template <class Request, class Response>
Response Client::call(grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, std::chrono::nanoseconds fallbackLimit)
{
    Call call(*this, limit(fallbackLimit));
    Response response;
    call.check(((*stub_).*rpc)(call.context(), request, &response));
    return response;
}

} // namespace teehost::cli
