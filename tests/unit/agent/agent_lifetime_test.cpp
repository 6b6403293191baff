// SPDX-License-Identifier: Apache-2.0
//
// Calls that are out when the daemon stops, and many of them; worth most under AddressSanitizer.
#include <optional>
#include <thread>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/agent/agent_client.h"
#include "host/base/error.h"
#include "tests/unit/agent/fake_agent.h"
#include "tests/unit/agent/talk.h"

namespace teehost::agent::test {
namespace {

using grpc::ServerContext;
using plugin::Bytes;
using Pieces = FakeAgent::Pieces;
using Request = ::agent::AttestationRequest;

constexpr unsigned kMany = 64;

/// What came of conversations.
struct Tally {
    unsigned whole = 0, broken = 0, ended = 0;
};

bool isEnd(Category category) { return category == Category::Cancelled || category == Category::Unavailable; }

/// Everything an agent can be asked, once. io_context thread.
asio::awaitable<void> converse(AgentCalls& calls, std::string address, std::uint32_t type, Tally& tally)
{
    try {
        AgentSession session(calls, address, Clock::now() + kEnough);
        const Bytes evidence = co_await session.attestation(type, Bytes(32));
        const auto endorsement = co_await session.endorsement();
        const Bytes answer = co_await session.answer(evidence);
        ++(answer == evidence && endorsement.size() == 1 ? tally.whole : tally.broken);
    } catch (const Error& error) {
        ++(isEnd(error.category()) ? tally.ended : tally.broken);
    }
}

void spawnMany(asio::io_context& io, AgentCalls& calls, const std::string& address, Tally& tally)
{
    for (unsigned i = 0; i < kMany; ++i) {
        spawn(io, [&calls, address, i, &tally] { return converse(calls, address, i, tally); });
    }
}

} // namespace

class AgentLifetimeTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AgentLifetimeTest);
    CPPUNIT_TEST(closingEndsWhatIsOut);
    CPPUNIT_TEST(nothingBeginsAfterClosing);
    CPPUNIT_TEST(theEndWaitsForGrpcAndNotForTheAgent);
    CPPUNIT_TEST(theEndMayComeBeforeAnybodyLooks);
    CPPUNIT_TEST(eachChannelEndsOnTheDaemonsThread);
    CPPUNIT_TEST(talksToManyAtOnce);
    CPPUNIT_TEST(endsManyAtOnce);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        agent_.emplace();
        agent_->attestation = [this](ServerContext& context, const Request&, Pieces&) {
            return agent_->hang(context);
        };
        agent_->endorsement = [](ServerContext&, v1::GetEndorsementResponse& response) {
            response.add_pieces()->set_kind("tpm.ek");
            return grpc::Status::OK;
        };
        agent_->answer = [](ServerContext&, const FakeAgent::Challenge& asked,
                            v1::AnswerChallengeResponse& response) {
            response.set_answer(asked.challenge());
            return grpc::Status::OK;
        };
    }
    void tearDown() override { agent_.reset(); }

private:
    void closingEndsWhatIsOut()
    {
        asio::io_context io;
        AgentCalls calls(io);
        Tally tally;
        spawn(io, [&, this] { return converse(calls, agent_->address(), 0, tally); });
        std::thread daemon([&] { io.run(); });
        const bool asked = agent_->hanging.reaches(1);
        calls.close();
        daemon.join();
        CPPUNIT_ASSERT(asked && agent_->cancelled.reaches(1));
        CPPUNIT_ASSERT_EQUAL(1u, tally.ended);
    }

    void nothingBeginsAfterClosing()
    {
        asio::io_context io;
        AgentCalls calls(io);
        calls.close();
        calls.close();
        Tally tally;
        spawn(io, [&, this] { return converse(calls, agent_->address(), 0, tally); });
        io.run();
        CPPUNIT_ASSERT_EQUAL(1u, tally.ended);
        CPPUNIT_ASSERT_EQUAL(0u, agent_->hanging.now());
    }

    void theEndWaitsForGrpcAndNotForTheAgent()
    {
        asio::io_context io;
        Tally tally;
        std::optional<AgentCalls> calls(io);
        spawnMany(io, *calls, agent_->address(), tally);
        std::thread daemon([&] { io.run(); });
        const bool asked = agent_->hanging.reaches(kMany);
        calls.reset();
        daemon.join();
        CPPUNIT_ASSERT(asked && agent_->cancelled.reaches(kMany));
        CPPUNIT_ASSERT_EQUAL(kMany, tally.ended);
    }

    /// The io_context has stopped with calls out; it and the coroutines go after AgentCalls.
    void theEndMayComeBeforeAnybodyLooks()
    {
        asio::io_context io;
        Tally tally;
        std::optional<AgentCalls> calls(io);
        spawnMany(io, *calls, agent_->address(), tally);
        std::thread daemon([&] { io.run(); });
        const bool asked = agent_->hanging.reaches(kMany);
        io.stop();
        daemon.join();
        calls.reset();
        CPPUNIT_ASSERT(asked && agent_->cancelled.reaches(kMany));
        CPPUNIT_ASSERT_EQUAL(0u, tally.whole + tally.broken + tally.ended);
    }

    /// Each is the only channel there is: gRPC ends its threads with it, and aborts when one of them does it.
    void eachChannelEndsOnTheDaemonsThread()
    {
        constexpr unsigned kOften = 300;
        agent_->attestation = [](ServerContext&, const Request&, Pieces&) { return grpc::Status::OK; };
        asio::io_context io;
        AgentCalls calls(io);
        Tally tally;
        for (unsigned i = 0; i < kOften; ++i) {
            spawn(io, [&, this] { return converse(calls, agent_->address(), 0, tally); });
            io.restart();
            io.run();
        }
        CPPUNIT_ASSERT_EQUAL(kOften, tally.whole);
    }

    void talksToManyAtOnce()
    {
        agent_->attestation = [](ServerContext&, const Request& request, Pieces& pieces) {
            for (std::int32_t i = 0; i <= request.type() % 4; ++i)
                send(pieces, std::string(10'000, static_cast<char>(request.type())));
            return grpc::Status::OK;
        };
        asio::io_context io;
        AgentCalls calls(io);
        Tally tally;
        spawnMany(io, calls, agent_->address(), tally);
        io.run();
        CPPUNIT_ASSERT_EQUAL(kMany, tally.whole);
    }

    /// Wherever each of them is: about to ask, asking, reading, or done.
    void endsManyAtOnce()
    {
        agent_->attestation = [this](ServerContext& context, const Request& request, Pieces& pieces) {
            for (std::int32_t i = 0; i < request.type(); ++i)
                send(pieces, std::string(10'000, 'x'));
            return request.type() % 3 == 0 ? agent_->hang(context) : grpc::Status::OK;
        };
        asio::io_context io;
        std::optional<AgentCalls> calls(io);
        Tally tally;
        spawnMany(io, *calls, agent_->address(), tally);
        std::thread daemon([&] { io.run(); });
        const bool asked = agent_->hanging.reaches(3);
        calls->close();
        daemon.join();
        CPPUNIT_ASSERT(asked);
        CPPUNIT_ASSERT_EQUAL(0u, tally.broken);
        CPPUNIT_ASSERT_EQUAL(kMany, tally.whole + tally.ended);
    }

    std::optional<FakeAgent> agent_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(AgentLifetimeTest);

} // namespace teehost::agent::test
