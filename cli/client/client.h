// SPDX-License-Identifier: Apache-2.0
//
// The connection to the daemon, and RPCs that end when they should: at their deadline or at Ctrl-C.
//
//     Vm vm = client.getVm(request);
//
// gRPC stays behind it, in client.cpp: its headers take a compiler seconds in every file that includes them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <teehost/v1/host.pb.h>

#include "cli/client/endpoint.h"
#include "cli/client/interrupt.h"
#include "cli/failure.h"

namespace teehost::cli {

/// The messages of a streaming RPC, one after another. It lasts until its limit, its other end, Ctrl-C or
/// cancel().
template <class Message>
class Stream {
public:
    virtual ~Stream() = default;
    /// Waits for the next message; returns false when there will be no more.
    [[nodiscard]] virtual bool read(Message& message) = 0;
    /// The failure that ended it, if any. To be called once, after read() has returned false.
    [[nodiscard]] virtual std::optional<Failure> finish() = 0;
    /// May be called from any thread.
    virtual void cancel() = 0;
};

class Client {
public:
    using Limit = std::chrono::nanoseconds;

    /// Connects. `timeout` is --timeout. Throws Failure: Usage for bad TLS files, Unreachable when nobody
    /// answers.
    Client(Endpoint endpoint, std::optional<Limit> timeout);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] const std::string& address() const noexcept { return endpoint_.address; }
    [[nodiscard]] Interrupt& interrupt() noexcept { return interrupt_; }

    // The methods of teehost.v1.HostService. Each throws Failure unless it succeeds within --timeout, or
    // without it within a usual time: half a minute for an answer, five minutes for an operation that waits
    // for a guest.
    v1::CreateVmResponse createVm(const v1::CreateVmRequest& request);
    v1::Vm getVm(const v1::GetVmRequest& request);
    v1::ListVmsResponse listVms(const v1::ListVmsRequest& request);
    /// Takes as much longer as the request gives the guest to shut down.
    v1::Vm stopVm(const v1::StopVmRequest& request, Limit grace);
    void removeVm(const v1::RemoveVmRequest& request);
    v1::Attestation attestVm(const v1::AttestVmRequest& request);
    v1::ListBackendsResponse listBackends();
    v1::ListOrphansResponse listOrphans();
    v1::Vm adoptOrphan(const v1::AdoptOrphanRequest& request);
    void endOrphan(const v1::EndOrphanRequest& request);
    v1::GetConfigResponse getConfig();

    // Streams have that limit too, unless their request says to follow.
    std::unique_ptr<Stream<v1::Event>> watchEvents(const v1::WatchEventsRequest& request);
    std::unique_ptr<Stream<v1::ConsoleChunk>> readConsole(const v1::ReadConsoleRequest& request);

private:
    class Connection;
    class Call;
    template <class Message>
    class MessageStream;

    void connect();
    [[nodiscard]] std::string lastConnectionError();
    [[nodiscard]] Limit limit(Limit usual) const { return timeout_.value_or(usual); }
    [[nodiscard]] std::optional<Limit> streamLimit(bool follow) const;

    Endpoint endpoint_;
    std::optional<Limit> timeout_;
    Interrupt interrupt_; // before the connection, whose threads inherit its signal mask
    std::unique_ptr<Connection> connection_;
};

} // namespace teehost::cli
