// SPDX-License-Identifier: Apache-2.0
#include "host/api/server.h"

#include <atomic>

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>

#include "host/api/listen_address.h"
#include "host/api/plaintext.h"
#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::api {
namespace {

constexpr unsigned kTlsRefreshSeconds = 1;
constexpr int kMaxStreamsPerConnection = 128;
constexpr std::size_t kMaxBufferedBytes = 256u << 20; // all connections together
constexpr int kMaxMessageBytes = 4 << 20;             // three PEM files and some text are far below that

/// gRPC does not tell its user that it has given a listener up; its log does (1.51: "Failed accept4: ...").
std::atomic<bool> acceptFailed{false};

/// The daemon's log while there is a server; null before and after.
std::atomic<const Log*> grpcLog{nullptr};

/// gRPC writes its own lines to stderr, where only JSON belongs, and waits for whoever reads there.
void logFromGrpc(gpr_log_func_args* line)
{
    if (std::string_view(line->message).find("accept") != std::string_view::npos)
        acceptFailed = true;
    if (const Log* const log = grpcLog)
        log->write(
            line->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::Warning : LogLevel::Debug, "grpc",
            {{"what", line->message}, {"where", std::string(line->file) + ":" + std::to_string(line->line)}});
}

/// Protobuf writes to stderr as well, about requests that are not UTF-8: a client must not be able to fill
/// the log with that.
void logFromProtobuf(google::protobuf::LogLevel, const char*, int, const std::string& message)
{
    if (const Log* const log = grpcLog)
        log->debug("protobuf", {{"what", message}});
}

std::shared_ptr<grpc::ServerCredentials> credentials(const settings::Settings& settings,
                                                     const ListenAddress& address, const TlsPaths& published)
{
    if (!published.enabled()) {
        requireTlsOrDecision(settings, {{"grpc", address}});
        return grpc::InsecureServerCredentials();
    }
    const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
        published.key, published.certificate, published.clientCa, kTlsRefreshSeconds);
    grpc::experimental::TlsServerCredentialsOptions options(provider);
    options.watch_identity_key_cert_pairs();
    if (!published.clientCa.empty()) {
        options.watch_root_certs();
        options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    }
    return grpc::experimental::TlsServerCredentials(options);
}

} // namespace

Server::Server(vm::Supervisor& supervisor, appraisal::Attestor& attestor, HostDescription description,
               const Log& log, const std::filesystem::path& runtimeDir)
    : settings_(supervisor.settings()), manager_(supervisor, log),
      host_(supervisor, attestor, std::move(description), log),
      tls_(tlsPaths(supervisor.settings(), "grpc"), runtimeDir / "grpc-tls", "grpc", log)
{
    grpcLog = &log;
    ::gpr_set_log_function(logFromGrpc);
    google::protobuf::SetLogHandler(logFromProtobuf);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    port_ = open(static_cast<int>(settings_.number("grpc.port")));
}

int Server::open(int port)
{
    grpc::ServerBuilder builder;
    // Keeps a second daemon from binding the same port and taking half of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
    grpc::ResourceQuota quota("teehostd");
    quota.Resize(kMaxBufferedBytes);
    builder.SetResourceQuota(quota);
    // Threads that take calls of gRPC's own synchronous services; ours need none of them.
    using Option = grpc::ServerBuilder::SyncServerOption;
    for (const auto option : {Option::NUM_CQS, Option::MIN_POLLERS, Option::MAX_POLLERS})
        builder.SetSyncServerOption(option, 1);
    int bound = 0;
    const ListenAddress address(settings_, "grpc");
    // gRPC says that it could not bind, but not why.
    if (port_ == 0)
        address.requireFree();
    builder.AddListeningPort(address.shown(port), credentials(settings_, address, tls_.published()), &bound);
    builder.RegisterService(&manager_);
    builder.RegisterService(&host_);
    server_ = builder.BuildAndStart();
    if (!server_ || bound == 0)
        throw Error(Category::Unavailable, "cannot listen on " + printable(address.shown(port)),
                    "another program may have taken the port meanwhile; set grpc.host and grpc.port");
    // "manager" is the name that clients of the Cocos Manager ask for.
    for (const auto* name : {"manager", "manager.ManagerService", "teehost.v1.HostService"})
        server_->GetHealthCheckService()->SetServingStatus(name, true);
    return bound;
}

bool Server::mayBeDeaf() noexcept { return acceptFailed; }
void Server::answers() noexcept { acceptFailed = false; }

void Server::reopen()
{
    const std::lock_guard lock(mutex_);
    stopLocked(std::chrono::milliseconds(0));
    static_cast<void>(open(port_));
}

Server::~Server()
{
    stop(std::chrono::milliseconds(0));
    grpcLog = nullptr;
}

void Server::drain()
{
    const std::lock_guard lock(mutex_);
    if (server_)
        server_->GetHealthCheckService()->SetServingStatus(false);
}

void Server::stop(std::chrono::milliseconds patience)
{
    const std::lock_guard lock(mutex_);
    stopLocked(patience);
}

void Server::stopLocked(std::chrono::milliseconds patience)
{
    if (!server_)
        return;
    server_->Shutdown(std::chrono::system_clock::now() + patience);
    server_->Wait();
    server_.reset();
}

} // namespace teehost::api
