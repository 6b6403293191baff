// SPDX-License-Identifier: Apache-2.0
//
// The probe against servers that behave as agents do, and as QEMU's user network does for a guest without
// one.
#include "host/agent/agent_probe.h"

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/agent/client_hello.h"

namespace teehost::agent::test {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

constexpr std::string_view kSettings("\x00\x00\x00\x04\x00\x00\x00\x00\x00", 9);
constexpr std::string_view kAlert("\x15\x03\x03\x00\x02\x02\x28", 7); // fatal, handshake_failure
constexpr std::string_view kServerHello("\x16\x03\x03\x00\x7a\x02\x00\x00\x76", 9);
constexpr char kHandshake = 0x16;

enum class Manner {
    RefusesLikeQemu, ///< Closes each connection at once, as QEMU does when the guest answers with RST.
    RefusesSlowly,   ///< The same, 200 ms later: a guest under emulation.
    Silent,          ///< Takes connections and says nothing, as QEMU does before the guest runs.
    Http2,
    GoTls,         ///< Answers a handshake; resets the connection on anything else, without a byte.
    AlertingTls,   ///< Answers a handshake, and anything else with an alert.
    Http1,         ///< Answers everything with a line of its own.
    ClosesOnWords, ///< Waits for words and closes on all of them.
    SpeaksFirst,   ///< Greets before it has heard anything, as SSH does.
};

/// A server on a port of its own, one connection at a time.
class Server {
public:
    explicit Server(Manner manner)
        : manner_(manner), acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          thread_([this] { serve(); })
    {
    }
    ~Server()
    {
        stopping_ = true;
        asio::io_context io;
        tcp::socket wake(io);
        boost::system::error_code ignored;
        wake.connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    [[nodiscard]] int connections() const { return connections_; }

private:
    void serve()
    {
        while (!stopping_) {
            tcp::socket socket(io_);
            boost::system::error_code error;
            acceptor_.accept(socket, error);
            if (error || stopping_)
                return;
            ++connections_;
            answer(socket);
        }
    }

    static void say(tcp::socket& socket, std::string_view words)
    {
        boost::system::error_code ignored;
        asio::write(socket, asio::buffer(words), ignored);
    }

    /// The first byte; 0 when the client closed the connection.
    static char firstByte(tcp::socket& socket)
    {
        std::array<char, 1024> bytes{};
        boost::system::error_code error;
        return socket.read_some(asio::buffer(bytes), error) > 0 ? bytes[0] : '\0';
    }

    void answer(tcp::socket& socket)
    {
        if (manner_ == Manner::RefusesSlowly)
            std::this_thread::sleep_for(200ms);
        if (manner_ == Manner::RefusesLikeQemu || manner_ == Manner::RefusesSlowly)
            return;
        if (manner_ == Manner::SpeaksFirst)
            say(socket, "SSH-2.0-OpenSSH_9.2\r\n");
        const char first = firstByte(socket);
        if (manner_ == Manner::Silent)
            while (firstByte(socket) != '\0') {
            }
        if (first == '\0' || manner_ == Manner::Silent || manner_ == Manner::ClosesOnWords)
            return;
        if (manner_ == Manner::Http2)
            say(socket, kSettings);
        if (manner_ == Manner::Http1)
            say(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
        if (manner_ == Manner::GoTls && first != kHandshake) {
            socket.set_option(asio::socket_base::linger(true, 0)); // the end is a reset
            return;
        }
        if (manner_ == Manner::GoTls || manner_ == Manner::AlertingTls)
            say(socket, first == kHandshake ? kServerHello : kAlert);
    }

    Manner manner_;
    asio::io_context io_;
    tcp::acceptor acceptor_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> connections_{0};
    std::thread thread_;
};

Answer probe(std::uint16_t port, Answer last = Answer::None, std::chrono::milliseconds limit = 2s)
{
    asio::io_context io;
    std::promise<Answer> answer;
    asio::co_spawn(io, probeAgent(io, "127.0.0.1", port, limit, last),
                   [&](std::exception_ptr thrown, Answer its) {
                       thrown ? answer.set_exception(thrown) : answer.set_value(its);
                   });
    io.run();
    return answer.get_future().get();
}

} // namespace

class AgentProbeTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AgentProbeTest);
    CPPUNIT_TEST(tellsWhateverListensFromARefusal);
    CPPUNIT_TEST(comesToTheSameWhateverItHeardBefore);
    CPPUNIT_TEST(makesOneConnectionToAServerThatItKnows);
    CPPUNIT_TEST(hearsNobodyOnAClosedPort);
    CPPUNIT_TEST(saysHelloAsATlsClient);
    CPPUNIT_TEST_SUITE_END();

    struct Row {
        std::string_view name;
        Manner manner;
        Answer answer;
    };
    static constexpr Row kRows[] = {
        {"refused", Manner::RefusesLikeQemu, Answer::Refused},
        {"refused slowly", Manner::RefusesSlowly, Answer::Refused},
        {"HTTP/2", Manner::Http2, Answer::Grpc},
        {"TLS that resets", Manner::GoTls, Answer::Tls},
        {"TLS that alerts", Manner::AlertingTls, Answer::Tls},
        {"HTTP/1", Manner::Http1, Answer::Other},
        {"closes on words", Manner::ClosesOnWords, Answer::Listens},
        {"greets", Manner::SpeaksFirst, Answer::Other},
    };

    void tellsWhateverListensFromARefusal()
    {
        for (const auto& row : kRows) {
            const Server server(row.manner);
            const auto answer = probe(server.port());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(row.name), std::string(answerName(row.answer)),
                                         std::string(answerName(answer)));
        }
        const Server silent(Manner::Silent);
        CPPUNIT_ASSERT(probe(silent.port(), Answer::None, 300ms) == Answer::None);
    }

    void comesToTheSameWhateverItHeardBefore()
    {
        for (const auto last : {Answer::Refused, Answer::Listens, Answer::Grpc, Answer::Tls, Answer::Other})
            for (const auto& row : kRows) {
                if (row.manner == Manner::RefusesSlowly && last == Answer::Refused)
                    continue; // the shorter way has to be quick
                const Server server(row.manner);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    std::string(row.name) + " after " + std::string(answerName(last)),
                    std::string(answerName(row.answer)), std::string(answerName(probe(server.port(), last))));
            }
    }

    void makesOneConnectionToAServerThatItKnows()
    {
        for (const auto& [manner, known] : {std::pair{Manner::Http2, Answer::Grpc},
                                            {Manner::GoTls, Answer::Tls},
                                            {Manner::RefusesLikeQemu, Answer::Refused}}) {
            const Server server(manner);
            CPPUNIT_ASSERT(probe(server.port(), known) == known);
            CPPUNIT_ASSERT_EQUAL(1, server.connections());
        }
    }

    void hearsNobodyOnAClosedPort()
    {
        asio::io_context io;
        tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        const auto port = acceptor.local_endpoint().port();
        acceptor.close();
        CPPUNIT_ASSERT(probe(port) == Answer::None); // QEMU itself is gone
        CPPUNIT_ASSERT(probe(port, Answer::Refused) == Answer::None);
    }

    void saysHelloAsATlsClient()
    {
        const std::string hello = clientHello();
        CPPUNIT_ASSERT(hello.size() > 60);
        CPPUNIT_ASSERT_EQUAL(kHandshake, hello[0]);
        CPPUNIT_ASSERT_EQUAL('\x01', hello[5]); // ClientHello
        CPPUNIT_ASSERT(hello.find(std::string("\x00\x10\x00\x05\x00\x03\x02h2", 9)) != std::string::npos);
        CPPUNIT_ASSERT(clientHello() != hello);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AgentProbeTest);

} // namespace teehost::agent::test
