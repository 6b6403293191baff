// SPDX-License-Identifier: Apache-2.0
#include "cli/client/status.h"

namespace teehost::cli {
namespace {

struct Reason {
    std::string_view sign; ///< what the detail contains
    std::string_view told;
    std::string_view hint;
};

constexpr std::string_view kStartIt =
    "is teehostd running there? Another address is given with --url or MANAGER_GRPC_URL";
constexpr std::string_view kTryTls =
    "if it wants TLS, give --tls-ca, and --tls-cert with --tls-key when it asks for a "
    "client certificate";

/// Words of gRPC 1.51, OpenSSL 3 and the C library, the most telling first.
constexpr Reason kReasons[] = {
    {"Connection refused", "connection refused", kStartIt},
    {"No such file or directory", "there is no such socket", kStartIt},
    {"Permission denied", "permission denied", "run it as a user who may open the socket"},
    {"DNS resolution failed", "the name cannot be resolved",
     "check the host name in --url or MANAGER_GRPC_URL"},
    {"certificate verify failed", "its certificate is not signed by the given CA", "check --tls-ca"},
    {"CERTIFICATE_VERIFY_FAILED", "its certificate is not signed by the given CA", "check --tls-ca"},
    {"ostname Verification Check failed", "its certificate is for another name",
     "use the name in the certificate as host in --url"},
    {"is not in peer certificate", "its certificate is for another name",
     "use the name in the certificate as host in --url"},
    {"wrong version number", "it does not speak TLS", "leave out --tls-ca and MANAGER_GRPC_SERVER_CA_CERTS"},
    {"WRONG_VERSION_NUMBER", "it does not speak TLS", "leave out --tls-ca and MANAGER_GRPC_SERVER_CA_CERTS"},
    {"andshake failed", "the TLS handshake failed", "check --tls-ca, --tls-cert and --tls-key"},
    {"Socket closed", "it closed the connection", kTryTls},
    {"onnection reset", "it closed the connection", kTryTls},
    {"Cancelling all calls", "it is stopping", kStartIt},
    {"Broken pipe", "it closed the connection", kTryTls},
    {"ailed to connect before the deadline", "no answer", kStartIt},
    {"imed out", "no answer", kStartIt},
    {"No route to host", "there is no route to the host", "check the network and --url"},
    {"etwork is unreachable", "the network is unreachable", "check the network and --url"},
};

/// "failed to connect to all addresses; last error: UNKNOWN: ipv4:…: THE PART THAT MATTERS"
std::string lastPart(std::string_view detail)
{
    const auto colon = detail.rfind(": ");
    return std::string(colon == std::string_view::npos ? detail : detail.substr(colon + 2));
}

const Reason* reasonIn(std::string_view detail)
{
    for (const auto& reason : kReasons)
        if (detail.find(reason.sign) != std::string_view::npos)
            return &reason;
    return nullptr;
}

std::string orElse(const std::string& text, std::string_view fallback)
{
    return text.empty() ? std::string(fallback) : text;
}

/// UNAVAILABLE on a connection that worked: the transport broke, or the daemon itself says so.
Failure unavailable(const std::string& message, const std::string& hint, const std::string& address)
{
    if (reasonIn(message) != nullptr)
        return {ExitCode::Unreachable, "lost the connection to the daemon at " + address,
                "look at the daemon's log; it may want a client certificate (--tls-cert, --tls-key)"};
    return {ExitCode::Unreachable, orElse(message, "the daemon at " + address + " is not ready"),
            orElse(hint, "try again in a moment")};
}

/// Our own limit, which gRPC tells in two words, or one of the daemon, which says which.
Failure timedOut(const std::string& message, const std::string& hint, const std::string& address)
{
    if (message.empty() || message == "Deadline Exceeded")
        return {ExitCode::TimedOut, "the daemon at " + address + " did not finish in time",
                "give it longer with --timeout"};
    return {ExitCode::TimedOut, message, hint};
}

} // namespace

Failure failureFromStatus(const grpc::Status& status, const std::string& hint, const std::string& address)
{
    const std::string& message = status.error_message();
    switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
        return {ExitCode::Usage, orElse(message, "the daemon does not accept the request"), hint};
    case grpc::StatusCode::NOT_FOUND:
        return {ExitCode::NotFound, orElse(message, "not found"), orElse(hint, "see: teehost list --all")};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
        return {ExitCode::Exhausted, orElse(message, "the host has no room"), hint};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
        return timedOut(message, hint, address);
    case grpc::StatusCode::UNAVAILABLE:
        return unavailable(message, hint, address);
    case grpc::StatusCode::UNIMPLEMENTED:
        return {ExitCode::Failed, "the daemon at " + address + " does not know this operation",
                "is it a teehostd, and not older than this program?"};
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
        return {ExitCode::Failed, orElse(message, "the daemon does not let this client in"),
                orElse(hint, "show a client certificate with --tls-cert and --tls-key")};
    default:
        return {ExitCode::Failed, orElse(message, "the daemon reports a failure without saying which"), hint};
    }
}

Failure unreachable(const std::string& address, std::string_view detail)
{
    const std::string start = "cannot reach the daemon at " + address + ": ";
    if (const Reason* reason = reasonIn(detail))
        return {ExitCode::Unreachable, start + std::string(reason->told), std::string(reason->hint)};
    return {ExitCode::Unreachable, start + lastPart(detail), std::string(kStartIt)};
}

} // namespace teehost::cli
