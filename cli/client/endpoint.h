// SPDX-License-Identifier: Apache-2.0
//
// Where the daemon listens and how to be sure that it is the daemon.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace grpc {
class ChannelCredentials;
}

namespace teehost::cli {

/// PEM files. Empty CA: plaintext. Certificate and key: what we show when the daemon asks (mutual TLS).
struct TlsFiles {
    std::filesystem::path ca, cert, key;
};

struct Endpoint {
    std::string address = "localhost:7001"; ///< HOST:PORT, [IPV6]:PORT or unix:PATH
    TlsFiles tls;
};

/// Throws UsageFailure unless `address` has one of the forms of Endpoint::address.
void checkAddress(const std::string& address);

/// Reads the files. Throws UsageFailure when one is unreadable, or when a certificate or key would go unused.
[[nodiscard]] std::shared_ptr<grpc::ChannelCredentials> credentialsFor(const TlsFiles& files);

} // namespace teehost::cli
