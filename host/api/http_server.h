// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "host/base/log.h"
#include "host/settings/settings.h"

namespace teehost::api {

/// The content that the HTTP endpoints show; called on threads of the HTTP server.
struct HttpContent {
    std::string version, instanceId;
    std::function<std::string()> pending; ///< why calls have to wait, in words; empty when none has to
    std::function<std::string()> metrics; ///< Prometheus text
};

/// GET /health (the process lives), /ready (no call has to wait for the start; 503 otherwise), /metrics.
class HttpServer {
public:
    /// Binds and serves. Throws FailedPrecondition when the address is taken or a TLS file is not usable.
    HttpServer(const settings::Settings& settings, HttpContent content, const Log& log);
    ~HttpServer();

    [[nodiscard]] int port() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace teehost::api
