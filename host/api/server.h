// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "host/api/host_service.h"
#include "host/api/manager_service.h"
#include "host/api/tls_files.h"

namespace grpc {
class Server;
}

namespace teehost::api {

/// The gRPC server: both services, health and reflection on one port.
class Server {
public:
    /// Binds and serves. Throws Unavailable when the address is taken or is not this host's, and
    /// FailedPrecondition when it cannot be resolved or may not be served without TLS.
    Server(vm::Supervisor& supervisor, appraisal::Attestor& attestor, HostDescription description,
           const Log& log, const std::filesystem::path& runtimeDir);
    ~Server();

    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] bool tls() const noexcept { return tls_.published().enabled(); }
    /// Looks for changed TLS files. One thread.
    void refreshTls() { tls_.refresh(); }
    /// Health turns to NOT_SERVING; calls in progress go on.
    void drain();
    /// gRPC said that it could not accept a connection, and nobody has said since that the port answers. Any
    /// thread.
    [[nodiscard]] static bool mayBeDeaf() noexcept;
    static void answers() noexcept;
    /// Serves anew on the same port; calls in progress are cancelled. For a listener that has gone deaf: gRPC
    /// closes its own when the process was out of file descriptors once. Blocking. Throws as the constructor.
    void reopen();
    /// Refuses new calls and cancels those still in progress after `patience`.
    void stop(std::chrono::milliseconds patience);

private:
    /// The port that was bound.
    [[nodiscard]] int open(int port);
    void stopLocked(std::chrono::milliseconds patience);

    const settings::Settings& settings_;
    ManagerService manager_;
    HostService host_;
    TlsPublisher tls_;
    int port_ = 0;     ///< never changes once it serves
    std::mutex mutex_; ///< guards server_
    std::unique_ptr<grpc::Server> server_;
};

} // namespace teehost::api
