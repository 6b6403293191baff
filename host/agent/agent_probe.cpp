// SPDX-License-Identifier: Apache-2.0
#include "host/agent/agent_probe.h"

#include <algorithm>
#include <array>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "host/agent/client_hello.h"

namespace teehost::agent {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

// RFC 9113: the preface, then an empty SETTINGS frame (length 0, type 4, flags 0, stream 0).
constexpr std::string_view kPreface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                                    "\x00\x00\x00\x04\x00\x00\x00\x00\x00",
                                    33);
constexpr std::size_t kFrameHeaderBytes = 9;
constexpr char kSettingsFrame = 4;
constexpr char kTlsAlert = 21, kTlsHandshake = 22; // RFC 8446, section 5.1
constexpr char kTlsMajor = 3;
constexpr auto kShortestQuiet = 300ms;
constexpr int kSlowness = 3; // how many times longer than the last refusal the next one may take

/// One connection: how it went until the peer had said enough, had closed it, or the time was over.
struct Exchange {
    bool connected = false;
    bool closed = false; ///< by the peer
    std::string bytes;
    Clock::duration took{};
};

asio::awaitable<Exchange> exchange(asio::io_context& io, tcp::endpoint endpoint, std::string words,
                                   Clock::time_point until)
{
    const auto start = Clock::now();
    // The handlers below may run after this coroutine has ended, so they share what they touch.
    const auto socket = std::make_shared<tcp::socket>(io);
    asio::steady_timer timer(io, until);
    timer.async_wait([socket](const boost::system::error_code& error) {
        boost::system::error_code ignored;
        if (!error)
            socket->close(ignored);
    });
    Exchange out;
    boost::system::error_code error;
    co_await socket->async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    out.connected = !error;
    if (!error && !words.empty())
        co_await asio::async_write(*socket, asio::buffer(words),
                                   asio::redirect_error(asio::use_awaitable, error));
    std::array<char, kFrameHeaderBytes> bytes{};
    std::size_t size = 0;
    if (!error)
        size = co_await asio::async_read(*socket, asio::buffer(bytes),
                                         asio::redirect_error(asio::use_awaitable, error));
    timer.cancel();
    out.bytes.assign(bytes.data(), size);
    out.closed = out.connected && error && socket->is_open(); // else the timer closed it
    out.took = Clock::now() - start;
    co_return out;
}

Answer classify(std::string_view bytes)
{
    if (bytes.size() == kFrameHeaderBytes && bytes[3] == kSettingsFrame && bytes[5] == 0)
        return Answer::Grpc;
    if (bytes.size() > 1 && (bytes[0] == kTlsAlert || bytes[0] == kTlsHandshake) && bytes[1] == kTlsMajor)
        return Answer::Tls;
    return Answer::Other;
}

/// A connection on which the probe says nothing.
asio::awaitable<Exchange> stayQuiet(asio::io_context& io, tcp::endpoint endpoint, Clock::duration patience,
                                    Clock::time_point deadline)
{
    const auto until = std::min(Clock::now() + std::max<Clock::duration>(patience, kShortestQuiet), deadline);
    std::string nothing;
    co_return co_await exchange(io, endpoint, std::move(nothing), until);
}

/// The peer closed a connection without a word. A guest refuses the next one as well, before anything is
/// said; a server waits for the first words, and may like another protocol better.
asio::awaitable<Answer> tellRefusal(asio::io_context& io, tcp::endpoint endpoint, bool saidHello,
                                    Clock::duration took, Clock::time_point deadline)
{
    const Exchange quiet = co_await stayQuiet(io, endpoint, kSlowness * took, deadline);
    if (!quiet.bytes.empty())
        co_return classify(quiet.bytes);
    if (!quiet.connected || Clock::now() >= deadline)
        co_return Answer::None;
    if (quiet.closed)
        co_return Answer::Refused;
    std::string words = saidHello ? std::string(kPreface) : clientHello();
    const Exchange other = co_await exchange(io, endpoint, std::move(words), deadline);
    co_return other.bytes.empty() ? Answer::Listens : classify(other.bytes);
}

} // namespace

std::string_view answerName(Answer answer) noexcept
{
    switch (answer) {
    case Answer::None:
        return "silence";
    case Answer::Refused:
        return "refusal";
    case Answer::Listens:
        return "unknown protocol";
    case Answer::Grpc:
        return "gRPC";
    case Answer::Tls:
        return "TLS";
    case Answer::Other:
        return "other protocol";
    }
    return "silence";
}

asio::awaitable<Answer> probeAgent(asio::io_context& io, std::string address, std::uint16_t port,
                                   std::chrono::milliseconds limit, Answer last)
{
    const auto deadline = Clock::now() + limit;
    boost::system::error_code error;
    const tcp::endpoint endpoint(asio::ip::make_address(address, error), port);
    if (error)
        co_return Answer::None;
    if (last == Answer::Refused) {
        const Exchange quiet = co_await stayQuiet(io, endpoint, Clock::duration::zero(), deadline);
        if (!quiet.connected)
            co_return Answer::None;
        if (!quiet.bytes.empty())
            co_return classify(quiet.bytes);
        if (quiet.closed)
            co_return Answer::Refused;
    }
    const bool sayHello = last == Answer::Tls;
    std::string words = sayHello ? clientHello() : std::string(kPreface);
    const Exchange first = co_await exchange(io, endpoint, std::move(words), deadline);
    if (!first.bytes.empty())
        co_return classify(first.bytes);
    if (!first.closed)
        co_return Answer::None;
    co_return co_await tellRefusal(io, endpoint, sayHello, first.took, deadline);
}

} // namespace teehost::agent
