// SPDX-License-Identifier: Apache-2.0
#include "host/api/http_server.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>
#include <nlohmann/json.hpp>

#include "host/api/listen_address.h"
#include "host/api/plaintext.h"
#include "host/api/tls_files.h"
#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::api {
namespace {

using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

constexpr int kMaxThreads = 8; // a scraper and a health checker, and room for slow ones
constexpr int kMaxQueued = 16;
constexpr int kTimeoutSeconds = 5; // a silent client must not hold a thread
constexpr int kVerificationDepth = 9;

class Handler final : public Poco::Net::HTTPRequestHandler {
public:
    explicit Handler(const HttpContent& content) : content_(content) {}

    void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
    {
        const auto& method = request.getMethod();
        if (method != "GET" && method != "HEAD")
            return send(response, HTTPResponse::HTTP_METHOD_NOT_ALLOWED, "text/plain", "use GET\n");
        const std::string path = request.getURI().substr(0, request.getURI().find('?'));
        if (path == "/health")
            return status(response, {});
        if (path == "/ready")
            return status(response, content_.pending());
        if (path == "/metrics")
            return send(response, HTTPResponse::HTTP_OK, "text/plain; version=0.0.4", content_.metrics());
        send(response, HTTPResponse::HTTP_NOT_FOUND, "text/plain",
             "there are /health, /ready and /metrics\n");
    }

private:
    void status(HTTPServerResponse& response, const std::string& pending)
    {
        const bool good = pending.empty();
        nlohmann::json body{{"status", good ? "pass" : "fail"},
                            {"version", content_.version},
                            {"service", "teehostd"},
                            {"instance_id", content_.instanceId}};
        if (!good)
            body["output"] = pending; // draft-inadarei-api-health-check-06, section 3.6
        send(response, good ? HTTPResponse::HTTP_OK : HTTPResponse::HTTP_SERVICE_UNAVAILABLE,
             "application/health+json", body.dump() + "\n");
    }

    static void send(HTTPServerResponse& response, HTTPResponse::HTTPStatus status, const std::string& type,
                     const std::string& body)
    {
        response.setStatusAndReason(status);
        response.setContentType(type);
        response.sendBuffer(body.data(), body.size());
    }

    const HttpContent& content_;
};

class Factory final : public Poco::Net::HTTPRequestHandlerFactory {
public:
    explicit Factory(const HttpContent& content) : content_(content) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override
    {
        return new Handler(content_);
    }

private:
    const HttpContent& content_;
};

Poco::Net::ServerSocket listen(const settings::Settings& settings)
{
    using Poco::Net::Context;
    const ListenAddress asked(settings, "http");
    asked.requireFree();
    const Poco::Net::SocketAddress address(asked.numeric(),
                                           static_cast<Poco::UInt16>(settings.number("http.port")));
    const auto tls = tlsPaths(settings, "http");
    checkTlsFiles(tls, "http");
    if (!tls.enabled()) {
        requireTlsOrDecision(settings, {{"http", asked}});
        Poco::Net::ServerSocket socket;
        // Leaves out SO_REUSEPORT, which Poco would set: a second daemon must fail, not share the port.
        socket.bind(address, true, false);
        socket.listen();
        return socket;
    }
    Context::Ptr context(new Context(Context::TLS_SERVER_USE, tls.key, tls.certificate, tls.clientCa,
                                     tls.clientCa.empty() ? Context::VERIFY_NONE : Context::VERIFY_STRICT,
                                     kVerificationDepth, false));
    context->requireMinimumProtocol(Context::PROTO_TLSV1_2);
    Poco::Net::SecureServerSocket socket(context);
    socket.bind(address, true, false);
    socket.listen();
    // NOLINTNEXTLINE(cppcoreguidelines-slicing): a socket of Poco is a handle, and what it holds does the TLS
    return socket;
}

} // namespace

struct HttpServer::Impl {
    HttpContent content;
    // Takes the place of Poco's default pool, whose threads end after OpenSSL has cleaned up and so never
    // give back its state.
    Poco::ThreadPool threads{"http", 1, kMaxThreads};
    std::unique_ptr<Poco::Net::HTTPServer> server;
};

HttpServer::HttpServer(const settings::Settings& settings, HttpContent content, const Log& log)
    : impl_(std::make_unique<Impl>())
{
    if (tlsPaths(settings, "http").enabled()) // a third of a server's start, for OpenSSL's own configuration
        Poco::Net::initializeSSL();
    impl_->content = std::move(content);
    Poco::Net::HTTPServerParams::Ptr params(new Poco::Net::HTTPServerParams);
    params->setMaxThreads(kMaxThreads);
    params->setMaxQueued(kMaxQueued);
    params->setTimeout(Poco::Timespan(kTimeoutSeconds, 0));
    params->setKeepAlive(false);
    try {
        impl_->server = std::make_unique<Poco::Net::HTTPServer>(new Factory(impl_->content), impl_->threads,
                                                                listen(settings), params);
        impl_->server->start();
    } catch (const Poco::Exception& error) {
        throw Error(Category::Unavailable,
                    "cannot listen on " + printable(settings.text("http.host")) + ":" +
                        std::to_string(settings.number("http.port")) + ": " + printable(error.displayText()),
                    "another program may have taken the port meanwhile; set http.host and http.port");
    }
    log.debug("http server started", {{"port", std::to_string(port())}});
}

HttpServer::~HttpServer()
{
    if (impl_->server)
        impl_->server->stopAll(true);
}

int HttpServer::port() const noexcept { return impl_->server->port(); }

} // namespace teehost::api
