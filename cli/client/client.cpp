// SPDX-License-Identifier: Apache-2.0
#include "cli/client/client.h"

#include <algorithm>
#include <cstdlib>

#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include "cli/client/status.h"
#include "cli/session.h"

namespace teehost::cli {
namespace {

using std::chrono::nanoseconds;
using std::chrono::system_clock;

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

Client::Client(Endpoint endpoint, std::optional<nanoseconds> timeout)
    : endpoint_(std::move(endpoint)), timeout_(timeout)
{
    checkAddress(endpoint_.address);
    configureGrpc();
    channel_ =
        grpc::CreateCustomChannel(endpoint_.address, credentialsFor(endpoint_.tls), channelArguments());
    stub_ = v1::HostService::NewStub(channel_);
    connect();
}

/// Connecting is a step of its own, so that "nobody there" is known for sure and told at once.
void Client::connect()
{
    const auto deadline = in(std::min<nanoseconds>(limit(kConnectLimit), kConnectLimit));
    for (;;) {
        const auto state = channel_->GetState(true);
        if (state == GRPC_CHANNEL_READY)
            return;
        if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN)
            throw unreachable(endpoint_.address, lastConnectionError());
        if (interrupt_.pending())
            throw interrupted();
        if (system_clock::now() >= deadline)
            throw unreachable(endpoint_.address, "timed out");
        channel_->WaitForStateChange(state, system_clock::now() + kConnectPoll);
    }
}

/// A channel does not tell why it failed, but a call on a failed channel does, without waiting.
std::string Client::lastConnectionError()
{
    grpc::ClientContext context;
    context.set_deadline(system_clock::now() + kConnectPoll);
    v1::GetConfigResponse ignored;
    return stub_->GetConfig(&context, {}, &ignored).error_message();
}

Call::Call(Client& client, std::optional<nanoseconds> limit)
    : client_(client), onInterrupt_(client.interrupt(), [this] { context_.TryCancel(); })
{
    if (limit)
        context_.set_deadline(in(*limit));
}

void Call::check(const grpc::Status& status) const
{
    if (status.ok())
        return;
    if (client_.interrupt().pending())
        throw interrupted();
    throw failureFromStatus(status, hintIn(context_), client_.address());
}

Client& Session::client()
{
    if (!client_)
        client_ = std::make_shared<Client>(options.endpoint, options.timeout);
    return *client_;
}

} // namespace teehost::cli
