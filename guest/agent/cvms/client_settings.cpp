// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/client_settings.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "guest/agent/cvms/endpoint.h"
#include "guest/agent/cvms/message.h"
#include "guest/agent/filesystems.h"
#include "guest/agent/printable.h"

namespace teehost::guest {
namespace {

std::string valueOf(const Environment& environment, std::string_view name)
{
    return std::string(environment.find(name).value_or(""));
}

/// gRPC ends the program when a metadata value has any other byte (doc/PROTOCOL-HTTP2.md, ASCII-Value).
bool isMetadata(std::string_view text)
{
    return !text.empty() && text.size() <= kMaxIdBytes &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

/// The host chooses the path: nothing but what it put on its own share is opened for it.
std::string certificateFile(const Environment& environment, const char* name)
{
    auto path = valueOf(environment, name);
    const std::string directory = std::string(kCertificatesDirectory) + "/";
    if (!path.empty() &&
        (!path.starts_with(directory) || path.find('/', directory.size()) != std::string::npos))
        throw std::invalid_argument(std::string(name) + " is not a file in " + kCertificatesDirectory);
    return path;
}

void readLevel(const Environment& environment, ClientSettings& settings)
{
    const auto text = valueOf(environment, "AGENT_LOG_LEVEL");
    if (const auto level = parseLogLevel(text))
        settings.level = *level;
    else if (!text.empty())
        settings.remark =
            "AGENT_LOG_LEVEL=" + printable(text) + " is not debug, info, warn or error: info it is";
}

} // namespace

Management managementOf(const Environment& environment)
{
    if (!valueOf(environment, "AGENT_CVM_GRPC_URL").empty())
        return Management::Service;
    return environment.problems.empty() ? Management::Nobody : Management::Unknown;
}

ClientSettings clientSettings(const Environment& environment)
{
    ClientSettings settings;
    settings.address = valueOf(environment, "AGENT_CVM_GRPC_URL");
    const auto target = targetOf(settings.address);
    if (!target)
        throw std::invalid_argument("AGENT_CVM_GRPC_URL=" + printable(settings.address) +
                                    " is not HOST:PORT, 192.0.2.1:PORT or [2001:db8::1]:PORT");
    settings.target = *target;
    settings.computation = valueOf(environment, "AGENT_CVM_ID");
    if (!isMetadata(settings.computation))
        throw std::invalid_argument("AGENT_CVM_ID is missing or no word of printable ASCII");
    readLevel(environment, settings);
    settings.ca_certificates = certificateFile(environment, "AGENT_CVM_GRPC_SERVER_CA_CERTS");
    settings.certificate = certificateFile(environment, "AGENT_CVM_GRPC_CLIENT_CERT");
    settings.key = certificateFile(environment, "AGENT_CVM_GRPC_CLIENT_KEY");
    if (settings.certificate.empty() != settings.key.empty())
        throw std::invalid_argument("a client's certificate and its key are given together or not at all");
    if (settings.ca_certificates.empty() && !settings.certificate.empty())
        throw std::invalid_argument(
            "a client certificate is given, but no authority to check the server against "
            "(AGENT_CVM_GRPC_SERVER_CA_CERTS)");
    return settings;
}

} // namespace teehost::guest
