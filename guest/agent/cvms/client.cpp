// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/client.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>

#include <grpcpp/grpcpp.h>

#include "guest/agent/cvms/session.h"
#include "guest/agent/printable.h"

namespace teehost::guest {
namespace {

using std::chrono::milliseconds;

/// The most that Go servers send by default, and so a run request without pieces; one at a time is in memory.
constexpr int kMaxMessageBytes = 4 << 20;
/// Servers of gRPC end connections that are pinged more often than every five minutes (doc/keepalive.md).
/// A message that is sent meanwhile notices a dead server in kKeepaliveTimeoutMs: gRPC sets TCP_USER_TIMEOUT
/// to it.
constexpr int kKeepaliveMs = 330'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr std::size_t kMaxWordsBytes = 400;
/// A name that is not found has two reasons in turns: no A record, and no AAAA record.
constexpr std::size_t kRemembered = 4;

std::shared_ptr<grpc::Channel> channelTo(const ClientSettings& settings,
                                         const std::shared_ptr<grpc::ChannelCredentials>& credentials)
{
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(settings.connect_limit.count()));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);            // would keep copies of what was sent
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);         // from the environment, which is nobody's here
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);           // grows the window with the server's speed
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1); // a new dial is a new connection
    return grpc::CreateCustomChannel(settings.target, credentials, arguments);
}

std::string inSeconds(milliseconds duration)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(duration.count()) / 1000);
    return text;
}

/// Says the same only once: a service that stays away must not fill the console.
class LossReport {
public:
    explicit LossReport(const ClientHooks& hooks) : hooks_(hooks) {}

    void lost(const std::string& address, const SessionEnd& end, milliseconds wait)
    {
        const auto what = (end.lasted.count() == 0 ? "cannot reach the computation-management service at "
                                                   : "lost the computation-management service at ") +
                          printable(address) + ": " + printable(end.words, kMaxWordsBytes);
        const bool isNew = std::find(said_.begin(), said_.end(), what) == said_.end();
        hooks_.log(isNew ? LogLevel::Warning : LogLevel::Debug,
                   what + "; dialing again in " + inSeconds(wait));
        if (isNew)
            said_.push_back(what);
        if (said_.size() > kRemembered)
            said_.pop_front();
    }
    void forget() { said_.clear(); }

private:
    const ClientHooks& hooks_;
    std::deque<std::string> said_;
};

} // namespace

std::shared_ptr<grpc::ChannelCredentials> credentialsOf(const TlsFiles& files)
{
    if (files.ca_certificates.empty())
        return grpc::InsecureChannelCredentials();
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = files.ca_certificates;
    options.pem_cert_chain = files.certificate;
    options.pem_private_key = files.key;
    return grpc::SslCredentials(options);
}

void runClient(const ClientSettings& settings, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
               Outbox& outbox, Backoff backoff, const ClientHooks& hooks)
{
    LossReport report(hooks);
    const SessionContext context{settings.computation, hooks.requests, [&] {
                                     report.forget();
                                     hooks.log(LogLevel::Info,
                                               "connected to the computation-management service");
                                 }};
    while (!outbox.finishing()) {
        const auto end = runSession(channelTo(settings, credentials), outbox, context);
        if (end.why == SessionEnd::Why::Disconnected) {
            hooks.log(LogLevel::Info, "the computation-management service asked to disconnect; "
                                      "it is not dialed again until the VM restarts");
            return;
        }
        if (end.why == SessionEnd::Why::Finished)
            return;
        const auto wait = backoff.next(end.lasted);
        report.lost(settings.address, end, wait);
        if (!outbox.pause(wait))
            return;
    }
}

} // namespace teehost::guest
