// SPDX-License-Identifier: Apache-2.0
#include "cli/client/endpoint.h"

#include <charconv>

#include <grpcpp/security/credentials.h>

#include "cli/failure.h"
#include "cli/input/file.h"

namespace teehost::cli {
namespace {

bool isPort(std::string_view text)
{
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

/// An IPv6 address must be in brackets: in "::1:7001" nobody can tell where the port begins.
bool isHost(std::string_view text)
{
    if (text.starts_with('[') && text.ends_with(']'))
        return text.size() > 2;
    return !text.empty() && text.find_first_of(":/[]@ ") == std::string_view::npos;
}

} // namespace

void checkAddress(const std::string& address)
{
    const std::string_view text = address;
    if (text.starts_with("unix:") && text.size() > 5)
        return;
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos && isPort(text.substr(colon + 1)) && isHost(text.substr(0, colon)))
        return;
    throw UsageFailure("--url: \"" + address + "\" is not an address of a daemon",
                       "write it as HOST:PORT, such as localhost:7001 or [::1]:7001");
}

std::shared_ptr<grpc::ChannelCredentials> credentialsFor(const TlsFiles& files)
{
    if (files.cert.empty() != files.key.empty())
        throw UsageFailure("--tls-cert and --tls-key go together, and only one of them is given");
    if (files.ca.empty() && !files.cert.empty())
        throw UsageFailure("--tls-cert is given without --tls-ca",
                           "name the CA that signed the daemon's certificate with --tls-ca");
    if (files.ca.empty())
        return grpc::InsecureChannelCredentials();
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = readSmallFile(files.ca, "--tls-ca");
    if (!files.cert.empty()) {
        options.pem_cert_chain = readSmallFile(files.cert, "--tls-cert");
        options.pem_private_key = readSmallFile(files.key, "--tls-key");
    }
    return grpc::SslCredentials(options);
}

} // namespace teehost::cli
