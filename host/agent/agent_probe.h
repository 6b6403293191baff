// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/base/async.h"

#include <cstdint>
#include <string>

namespace teehost::agent {

enum class Answer {
    None,   ///< nobody answered
    Closed, ///< somebody took the connection and closed it without a word: no agent, but somebody
    Grpc,   ///< an HTTP/2 SETTINGS frame: a gRPC server
    Tls,    ///< a TLS alert: a server that wants TLS
    Other,
};

/// Asks whether something answers on the forwarded port. A TCP connection proves nothing, because QEMU's user
/// networking accepts it before the guest runs; so this speaks first, as an HTTP/2 client does (RFC 9113,
/// section 3.4), and waits for the first bytes of the reply.
boost::asio::awaitable<Answer> probeAgent(boost::asio::io_context& io, std::string address,
                                          std::uint16_t port, std::chrono::milliseconds limit);

} // namespace teehost::agent
