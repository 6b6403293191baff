// SPDX-License-Identifier: Apache-2.0
#include "cli/client/client.h"

#include <algorithm>
#include <cstdlib>

#include <grpc/support/log.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>
#include <teehost/v1/host.grpc.pb.h>

#include "cli/client/status.h"
#include "cli/session.h"

namespace teehost::cli {
namespace {

using std::chrono::nanoseconds;
using std::chrono::system_clock;
using Stub = v1::HostService::Stub;

/// How long a call may take when --timeout does not say: questions, and operations that wait for a guest.
constexpr std::chrono::seconds kAnswerLimit{30};
constexpr std::chrono::seconds kOperationLimit{300};

/// A daemon that listens accepts in microseconds; this is for hosts that swallow packets.
constexpr std::chrono::seconds kConnectLimit{10};
constexpr std::chrono::milliseconds kConnectPoll{100};

system_clock::time_point in(nanoseconds duration)
{
    // --timeout may be as long as a duration can be, and the clock must not overflow.
    constexpr std::chrono::hours kLongest{24 * 365};
    return system_clock::now() +
           std::chrono::duration_cast<system_clock::duration>(std::min<nanoseconds>(duration, kLongest));
}

grpc::ChannelArguments channelArguments()
{
    grpc::ChannelArguments arguments;
    // --url names the machine we talk to; a proxy from the environment is for the web.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return arguments;
}

/// Before anything of gRPC runs. Each choice gives way to the environment variable of somebody who debugs.
void configureGrpc()
{
    // Names as the rest of the machine resolves them (nsswitch.conf), which gRPC's own resolver does not.
    ::setenv("GRPC_DNS_RESOLVER", "native", 0);
    // gRPC's log goes to standard error in the middle of ours.
    if (std::getenv("GRPC_VERBOSITY") == nullptr)
        gpr_set_log_function([](gpr_log_func_args*) {});
}

Failure interrupted() { return {ExitCode::Interrupted, "interrupted"}; }

std::string hintIn(const grpc::ClientContext& context)
{
    const auto& metadata = context.GetServerTrailingMetadata();
    const auto found = metadata.find(grpc::string_ref(kHintMetadata.data(), kHintMetadata.size()));
    return found == metadata.end() ? std::string() : std::string(found->second.data(), found->second.size());
}

} // namespace

/// One RPC, cancelled by an interrupt or by cancel().
class Client::Call {
public:
    /// Without a limit the call lasts until its other end, or Ctrl-C, ends it.
    Call(Client& client, std::optional<Limit> limit)
        : client_(client), onInterrupt_(client.interrupt(), [this] { cancel(); })
    {
        if (limit)
            context_.set_deadline(in(*limit));
    }

    [[nodiscard]] grpc::ClientContext* context() noexcept { return &context_; }
    void cancel() { context_.TryCancel(); }
    /// The failure that `status` of this finished call stands for, if any.
    [[nodiscard]] std::optional<Failure> failure(const grpc::Status& status) const
    {
        if (status.ok())
            return std::nullopt;
        if (client_.interrupt().pending())
            return interrupted();
        return failureFromStatus(status, hintIn(context_), client_.address());
    }

private:
    Client& client_;
    grpc::ClientContext context_;
    Interrupt::Action onInterrupt_; // after context_, which its action uses
};

class Client::Connection {
public:
    Connection(Client& client, const Endpoint& endpoint)
        : client_(client), channel_(grpc::CreateCustomChannel(endpoint.address, credentialsFor(endpoint.tls),
                                                              channelArguments())),
          stub_(v1::HostService::NewStub(channel_))
    {
    }

    [[nodiscard]] grpc::Channel& channel() noexcept { return *channel_; }
    [[nodiscard]] Stub& stub() noexcept { return *stub_; }

    /// One unary RPC. Throws Failure unless it succeeds.
    template <class Request, class Response>
    Response call(grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Limit usualLimit)
    {
        Call call(client_, client_.limit(usualLimit));
        Response response;
        if (const auto failure = call.failure((stub().*rpc)(call.context(), request, &response)))
            throw Failure(*failure);
        return response;
    }

private:
    Client& client_;
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<Stub> stub_;
};

template <class Message>
class Client::MessageStream final : public Stream<Message> {
public:
    /// `open` begins the RPC in the context that it is given.
    template <class Open>
    MessageStream(Client& client, std::optional<Limit> limit, Open open)
        : call_(client, limit), reader_(open(call_.context()))
    {
    }

    bool read(Message& message) override { return reader_->Read(&message); }
    std::optional<Failure> finish() override { return call_.failure(reader_->Finish()); }
    void cancel() override { call_.cancel(); }

private:
    Call call_;
    std::unique_ptr<grpc::ClientReader<Message>> reader_;
};

Client::Client(Endpoint endpoint, std::optional<Limit> timeout)
    : endpoint_(std::move(endpoint)), timeout_(timeout)
{
    checkAddress(endpoint_.address);
    configureGrpc();
    connection_ = std::make_unique<Connection>(*this, endpoint_);
    connect();
}

Client::~Client() = default;

/// Connecting is a step of its own, so that "nobody there" is known for sure and told at once.
void Client::connect()
{
    const auto deadline = in(std::min<nanoseconds>(limit(kConnectLimit), kConnectLimit));
    auto& channel = connection_->channel();
    for (;;) {
        const auto state = channel.GetState(true);
        if (state == GRPC_CHANNEL_READY)
            return;
        if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN)
            throw unreachable(endpoint_.address, lastConnectionError());
        if (interrupt_.pending())
            throw interrupted();
        if (system_clock::now() >= deadline)
            throw unreachable(endpoint_.address, "timed out");
        channel.WaitForStateChange(state, system_clock::now() + kConnectPoll);
    }
}

/// A channel does not tell why it failed, but a call on a failed channel does, without waiting.
std::string Client::lastConnectionError()
{
    grpc::ClientContext context;
    context.set_deadline(system_clock::now() + kConnectPoll);
    v1::GetConfigResponse ignored;
    return connection_->stub().GetConfig(&context, {}, &ignored).error_message();
}

v1::CreateVmResponse Client::createVm(const v1::CreateVmRequest& request)
{
    return connection_->call(&Stub::CreateVm, request, kOperationLimit);
}

v1::Vm Client::getVm(const v1::GetVmRequest& request)
{
    return connection_->call(&Stub::GetVm, request, kAnswerLimit);
}

v1::ListVmsResponse Client::listVms(const v1::ListVmsRequest& request)
{
    return connection_->call(&Stub::ListVms, request, kAnswerLimit);
}

v1::Vm Client::stopVm(const v1::StopVmRequest& request, Limit grace)
{
    return connection_->call(&Stub::StopVm, request, kOperationLimit + grace);
}

void Client::removeVm(const v1::RemoveVmRequest& request)
{
    connection_->call(&Stub::RemoveVm, request, kOperationLimit);
}

v1::Attestation Client::attestVm(const v1::AttestVmRequest& request)
{
    return connection_->call(&Stub::AttestVm, request, kOperationLimit);
}

v1::ListBackendsResponse Client::listBackends()
{
    return connection_->call(&Stub::ListBackends, v1::ListBackendsRequest(), kAnswerLimit);
}

v1::ListOrphansResponse Client::listOrphans()
{
    return connection_->call(&Stub::ListOrphans, v1::ListOrphansRequest(), kAnswerLimit);
}

v1::Vm Client::adoptOrphan(const v1::AdoptOrphanRequest& request)
{
    return connection_->call(&Stub::AdoptOrphan, request, kOperationLimit);
}

void Client::endOrphan(const v1::EndOrphanRequest& request)
{
    connection_->call(&Stub::EndOrphan, request, kOperationLimit);
}

v1::GetConfigResponse Client::getConfig()
{
    return connection_->call(&Stub::GetConfig, v1::GetConfigRequest(), kAnswerLimit);
}

std::unique_ptr<Stream<v1::Event>> Client::watchEvents(const v1::WatchEventsRequest& request)
{
    const auto open = [&](auto* context) { return connection_->stub().WatchEvents(context, request); };
    return std::make_unique<MessageStream<v1::Event>>(*this, streamLimit(request.follow()), open);
}

std::unique_ptr<Stream<v1::ConsoleChunk>> Client::readConsole(const v1::ReadConsoleRequest& request)
{
    const auto open = [&](auto* context) { return connection_->stub().ReadConsole(context, request); };
    return std::make_unique<MessageStream<v1::ConsoleChunk>>(*this, streamLimit(request.follow()), open);
}

std::optional<Client::Limit> Client::streamLimit(bool follow) const
{
    return follow ? std::nullopt : std::optional(limit(kAnswerLimit));
}

Client& Session::client()
{
    if (!client_)
        client_ = std::make_shared<Client>(options.endpoint, options.timeout);
    return *client_;
}

} // namespace teehost::cli
