// SPDX-License-Identifier: Apache-2.0
//
// An address that a server of the daemon listens on: a name or a number, judged by all that it resolves to.
//
//     const ListenAddress grpc(settings, "grpc");
//     grpc.requireFree();
//     log.info("serves", {{"grpc", grpc.shown(port)}});
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

#include "host/settings/settings.h"

namespace teehost::api {

class ListenAddress {
public:
    /// Resolves `PREFIX.host`, which may be written with brackets. Throws FailedPrecondition, or Unavailable
    /// when the resolver may know it later.
    ListenAddress(const settings::Settings& settings, const std::string& optionPrefix);

    /// Whether only this host can reach it: every address is a loopback one.
    [[nodiscard]] bool loopback() const;
    /// HOST:PORT as clients take it: an IPv6 address is in brackets.
    [[nodiscard]] std::string shown(int port) const;
    /// `PREFIX.host=HOST`, for messages.
    [[nodiscard]] std::string subject() const;
    /// One address in numbers, without brackets; an IPv4 one when there is one.
    [[nodiscard]] std::string numeric() const;
    /// The address at which the daemon itself reaches it: as numeric(), but loopback for one that means all.
    [[nodiscard]] std::string reachable() const;
    /// Throws Unavailable when none of the addresses is this host's, or a port is taken; FailedPrecondition
    /// when it may not be bound. Says which of these it is.
    void requireFree() const;

private:
    struct Resolved {
        sockaddr_storage address;
        socklen_t length;
    };

    [[nodiscard]] const Resolved& preferred() const;

    std::string prefix_, host_;
    std::uint16_t port_;
    std::vector<Resolved> resolved_;
};

/// Throws Unavailable when the IPv4 address `text` of option `key` is not this host's.
void requireOwnIpv4(const std::string& text, const std::string& key);

} // namespace teehost::api
