// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
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
    /// Binds and serves. Throws FailedPrecondition when the address is taken, is not ours, or may not be
    /// served without TLS.
    Server(vm::Supervisor& supervisor, HostDescription description, const Log& log,
           const std::filesystem::path& runtimeDir);
    ~Server();

    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] bool tls() const noexcept { return tls_.published().enabled(); }
    /// Looks for changed TLS files. One thread.
    void refreshTls() { tls_.refresh(); }
    /// Health turns to NOT_SERVING; calls in progress go on.
    void drain();
    /// Refuses new calls and cancels those still in progress after `patience`.
    void stop(std::chrono::milliseconds patience);

private:
    ManagerService manager_;
    HostService host_;
    TlsPublisher tls_;
    int port_ = 0;
    std::unique_ptr<grpc::Server> server_;
};

} // namespace teehost::api
