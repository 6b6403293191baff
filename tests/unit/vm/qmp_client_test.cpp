// SPDX-License-Identifier: Apache-2.0
#include "host/vm/qmp_client.h"

#include <functional>
#include <thread>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;
using Socket = asio::local::stream_protocol::socket;

const std::string kGreeting = R"({"QMP": {"version": {}, "capabilities": ["oob"]}})"
                              "\r\n";

/// Plays QEMU's side of one connection: each part of the script is sent after one more command was read.
class QmpClientTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(QmpClientTest);
    CPPUNIT_TEST(negotiatesAndRunsACommand);
    CPPUNIT_TEST(eventsMayComeAnywhere);
    CPPUNIT_TEST(aGreetingAloneIsNotEnough);
    CPPUNIT_TEST(refusalsCarryQemusWords);
    CPPUNIT_TEST(refusalsOfAnotherShapeAreRefusals);
    CPPUNIT_TEST(silenceEndsAtTheDeadline);
    CPPUNIT_TEST(answersToNobodyAreIgnored);
    CPPUNIT_TEST(garbageClosesTheConnection);
    CPPUNIT_TEST(endlessLinesCloseTheConnection);
    CPPUNIT_TEST(nobodyListening);
    CPPUNIT_TEST_SUITE_END();

    struct Outcome {
        std::string result; ///< of query-status, or the error's category and text
        std::vector<std::string> events;
        bool connected = false;
    };

    static std::string reply(int id, const std::string& body)
    {
        return "{" + body + R"(, "id": )" + std::to_string(id) + "}\r\n";
    }

    static asio::awaitable<void> play(Outcome& outcome, asio::io_context& io, std::string path,
                                      Clock::duration limit)
    {
        const auto changed = std::make_shared<Signal>(io);
        std::shared_ptr<QmpClient> client;
        std::string failure;
        try {
            auto onEvent = [&outcome](const std::string& name, const nlohmann::json&) {
                outcome.events.push_back(name);
            };
            client = co_await QmpClient::connect(io, path, Clock::now() + limit, onEvent, changed);
            const auto answer = co_await client->execute("query-status", limit);
            outcome.result = answer.dump();
            outcome.connected = client->connected();
        } catch (const Error& error) {
            outcome.result = std::string(categoryName(error.category())) + " " + error.what();
        }
        if (client)
            client->close();
        io.stop();
    }

    static Outcome run(std::vector<std::string> script, Clock::duration limit = 20s)
    {
        const launch::ScratchDir dir;
        const std::string path = (dir.path() / "qmp").string();
        asio::io_context serverIo;
        asio::local::stream_protocol::acceptor acceptor(serverIo,
                                                        asio::local::stream_protocol::endpoint(path));
        std::thread qemu([&] {
            boost::system::error_code error;
            Socket socket(serverIo);
            acceptor.accept(socket, error);
            std::string buffer;
            for (std::size_t i = 0; i < script.size() && !error; ++i) {
                if (i > 0) {
                    const auto size = asio::read_until(socket, asio::dynamic_buffer(buffer), '\n', error);
                    buffer.erase(0, size);
                }
                asio::write(socket, asio::buffer(script[i]), error);
            }
            while (!error && script.back().empty()) // an empty last part: stay silent, but connected
                socket.read_some(asio::buffer(buffer.data(), buffer.capacity()), error);
        });
        asio::io_context io;
        Outcome outcome;
        spawn(io, [&] { return play(outcome, io, path, limit); });
        io.run();
        qemu.join();
        return outcome;
    }

    void negotiatesAndRunsACommand()
    {
        const auto outcome =
            run({kGreeting, reply(1, R"("return": {})"), reply(2, R"("return": {"status": "running"})"), ""});
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"running"})"), outcome.result);
        CPPUNIT_ASSERT(outcome.connected);
    }

    void eventsMayComeAnywhere()
    {
        const std::string event = R"({"event": "STOP", "timestamp": {"seconds": 1}})"
                                  "\r\n";
        const auto outcome = run(
            {kGreeting + event, reply(1, R"("return": {})") + event, event + reply(2, R"("return": {})")});
        CPPUNIT_ASSERT_EQUAL(std::string("{}"), outcome.result);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, outcome.events.size());
    }

    void aGreetingAloneIsNotEnough()
    {
        const auto outcome = run({kGreeting}); // as QEMU does when a file is missing: greeting, then gone
        CPPUNIT_ASSERT_MESSAGE(outcome.result, outcome.result.starts_with("UNAVAILABLE "));
    }

    void refusalsCarryQemusWords()
    {
        const auto outcome =
            run({kGreeting, reply(1, R"("return": {})"),
                 reply(2, R"("error": {"class": "GenericError", "desc": "no \u001b such"})")});
        CPPUNIT_ASSERT_EQUAL(std::string("FAILED_PRECONDITION QEMU refused query-status: no \\x1b such"),
                             outcome.result);
    }

    void refusalsOfAnotherShapeAreRefusals()
    {
        for (const std::string body : {R"("error": 1)", R"("error": {"desc": 1})", R"("error": [])"}) {
            const auto outcome = run({kGreeting, reply(1, R"("return": {})"), reply(2, body)});
            CPPUNIT_ASSERT_EQUAL(
                std::string("FAILED_PRECONDITION QEMU refused query-status: no reason given"),
                outcome.result);
        }
    }

    void silenceEndsAtTheDeadline()
    {
        CPPUNIT_ASSERT(run({kGreeting, reply(1, R"("return": {})"), ""}, 200ms)
                           .result.starts_with("DEADLINE_EXCEEDED "));
        CPPUNIT_ASSERT(run({""}, 200ms).result.starts_with("DEADLINE_EXCEEDED "));
    }

    void answersToNobodyAreIgnored()
    {
        const auto outcome =
            run({kGreeting, reply(1, R"("return": {})"),
                 reply(77, R"("return": {"stale": true})") + reply(2, R"("return": {"right": true})")});
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"right":true})"), outcome.result);
    }

    void garbageClosesTheConnection()
    {
        for (const std::string& bad :
             {std::string("garbage\n"), std::string("[1]\n"), std::string("{\"a\":\n"),
              std::string(100000, '[') + "\n", std::string("\"x\"\n")}) {
            const auto outcome = run({kGreeting, reply(1, R"("return": {})"), bad});
            CPPUNIT_ASSERT_MESSAGE(outcome.result, outcome.result.starts_with("UNAVAILABLE "));
        }
    }

    void endlessLinesCloseTheConnection()
    {
        const auto outcome = run({kGreeting, reply(1, R"("return": {})"), std::string(3 << 20, 'x')});
        CPPUNIT_ASSERT_MESSAGE(outcome.result, outcome.result.starts_with("UNAVAILABLE "));
    }

    void nobodyListening()
    {
        asio::io_context io;
        Outcome outcome;
        spawn(io, [&] { return play(outcome, io, "/no/such/socket", 1s); });
        io.run();
        CPPUNIT_ASSERT(outcome.result.starts_with("UNAVAILABLE cannot connect to QMP"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(QmpClientTest);

} // namespace
} // namespace teehost::vm
