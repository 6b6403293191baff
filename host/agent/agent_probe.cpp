// SPDX-License-Identifier: Apache-2.0
#include "host/agent/agent_probe.h"

#include <array>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace teehost::agent {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// RFC 9113: the preface, then an empty SETTINGS frame (length 0, type 4, flags 0, stream 0).
constexpr std::string_view kPreface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                                    "\x00\x00\x00\x04\x00\x00\x00\x00\x00",
                                    33);
constexpr std::size_t kFrameHeaderBytes = 9;
constexpr unsigned char kSettingsFrame = 4;
constexpr unsigned char kTlsAlert = 21; // RFC 8446, section 5.1

Answer classify(const std::array<unsigned char, kFrameHeaderBytes>& bytes, std::size_t size)
{
    if (size == kFrameHeaderBytes && bytes[3] == kSettingsFrame && bytes[5] == 0)
        return Answer::Grpc;
    if (size > 0 && bytes[0] == kTlsAlert)
        return Answer::Tls;
    return size == 0 ? Answer::None : Answer::Other;
}

} // namespace

asio::awaitable<Answer> probeAgent(asio::io_context& io, std::string address, std::uint16_t port,
                                   std::chrono::milliseconds limit)
{
    // The handlers below may run after this coroutine has ended, so they share what they touch.
    const auto socket = std::make_shared<tcp::socket>(io);
    asio::steady_timer timer(io, limit);
    timer.async_wait([socket](const boost::system::error_code& error) {
        boost::system::error_code ignored;
        if (!error)
            socket->close(ignored);
    });
    boost::system::error_code error;
    const tcp::endpoint endpoint(asio::ip::make_address(address, error), port);
    if (!error)
        co_await socket->async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (!error)
        co_await asio::async_write(*socket, asio::buffer(kPreface),
                                   asio::redirect_error(asio::use_awaitable, error));
    std::array<unsigned char, kFrameHeaderBytes> bytes{};
    std::size_t size = 0;
    const bool connected = !error;
    if (!error)
        size = co_await asio::async_read(*socket, asio::buffer(bytes),
                                         asio::redirect_error(asio::use_awaitable, error));
    timer.cancel();
    if (connected && size == 0 && error != asio::error::operation_aborted) // which is the timer's doing
        co_return Answer::Closed;
    co_return classify(bytes, size);
}

} // namespace teehost::agent
