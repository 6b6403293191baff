// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>
#include <grpcpp/grpcpp.h>

#include "tests/tools/cvms-server/commands.h"

namespace teehost::cvms_server {
namespace {

constexpr int kMaxMessageBytes = 1 << 20;

struct Options {
    std::string listen = "127.0.0.1:7003";
    std::string certificate, key, client_ca;
};

std::string contentOf(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream content;
    if (!file || !(content << file.rdbuf()))
        throw std::runtime_error("cannot read " + path + ", or it is empty");
    return content.str();
}

std::shared_ptr<grpc::ServerCredentials> credentialsOf(const Options& options)
{
    if (options.certificate.empty())
        return grpc::InsecureServerCredentials();
    grpc::SslServerCredentialsOptions tls;
    tls.pem_key_cert_pairs = {{contentOf(options.key), contentOf(options.certificate)}};
    if (!options.client_ca.empty()) {
        tls.pem_root_certs = contentOf(options.client_ca);
        tls.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
    }
    return grpc::SslServerCredentials(tls);
}

void serve(const Options& options)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);

    JsonLines lines;
    Service service(lines);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(options.listen, credentialsOf(options), &port);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.RegisterService(&service);
    const auto server = builder.BuildAndStart();
    if (!server || port == 0)
        throw std::runtime_error("cannot listen on " + options.listen);
    lines.print({{"type", "listening"}, {"port", port}, {"tls", !options.certificate.empty()}});

    // Ends with the program: a read of standard input cannot be interrupted.
    std::thread([&] {
        for (std::string line; std::getline(std::cin, line);)
            obey(line, service, lines);
    }).detach();
    int signal = 0;
    ::sigwait(&ends, &signal);
    std::cout.flush();
    std::_Exit(0);
}

int run(int argc, char** argv)
{
    Options options;
    CLI::App app("A small computation-management service: prints what agents send, one JSON object a line.",
                 "cvms-server");
    app.footer(kCommandsHelp);
    app.add_option("--listen", options.listen, "ADDRESS:PORT; port 0 takes a free one")
        ->capture_default_str();
    auto* certificate =
        app.add_option("--cert", options.certificate, "serve TLS with this certificate (PEM)");
    auto* key = app.add_option("--key", options.key, "its key (PEM)");
    certificate->needs(key);
    key->needs(certificate);
    app.add_option("--client-ca", options.client_ca, "ask agents for a certificate of this authority (PEM)")
        ->needs(certificate);
    CLI11_PARSE(app, argc, argv);
    try {
        serve(options);
        return 0;
    } catch (const std::exception& e) {
        std::cerr << "cvms-server: " << e.what() << "\n";
        return 1;
    }
}

} // namespace
} // namespace teehost::cvms_server

int main(int argc, char** argv) { return teehost::cvms_server::run(argc, argv); }
