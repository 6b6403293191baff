// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/base/async.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace teehost::agent {

/// An answer of the agent's port.
enum class Answer {
    None,    ///< Silence: no guest, or one that does not run yet.
    Refused, ///< The guest's network stack refuses the connection: it runs, and no program listens there.
    Listens, ///< A program takes connections, and closes them on, or is silent to, all that the probe can
             ///< say.
    Grpc,    ///< A server of HTTP/2 in plain text: it sent a SETTINGS frame.
    Tls,     ///< A TLS server: it sent a handshake record or an alert.
    Other,   ///< A program that speaks something else.
};

/// "gRPC", "TLS", ...: for messages.
[[nodiscard]] std::string_view answerName(Answer answer) noexcept;

/// Whether a program listens there, whatever it speaks.
[[nodiscard]] constexpr bool isListening(Answer answer) noexcept
{
    return answer != Answer::None && answer != Answer::Refused;
}

/// Asks whether something answers on a port that QEMU's user network forwards. A TCP connection proves
/// nothing there, because QEMU accepts it before the guest runs, and closes it again when the guest refuses.
/// So this speaks first: as an HTTP/2 client does (RFC 9113, section 3.4), and as a TLS client when that is
/// answered by the end of the connection, which is how Go's TLS servers answer a record that is no handshake.
/// A connection that is closed before anything was said is a refusal of the guest's.
///
/// `last` is what came out the last time: the probe begins with what that server understands, so that it
/// makes one connection, and no line in the server's log, where it can. `limit` is for all of it.
asio::awaitable<Answer> probeAgent(asio::io_context& io, std::string address, std::uint16_t port,
                                   std::chrono::milliseconds limit, Answer last = Answer::None);

} // namespace teehost::agent
