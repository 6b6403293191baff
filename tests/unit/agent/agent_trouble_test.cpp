// SPDX-License-Identifier: Apache-2.0
//
// Agents that say too much, nothing, or what is not meant for people.
#include <atomic>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/base/text.h"
#include "tests/unit/agent/fake_agent.h"
#include "tests/unit/agent/talk.h"
#include "tests/unit/plugin/support.h"

namespace teehost::agent::test {
namespace {

using namespace std::chrono_literals;
using grpc::ServerContext;
using grpc::StatusCode;
using plugin::Bytes;
using plugin::test::expectError;
using Endorsement = v1::GetEndorsementResponse;
using Pieces = FakeAgent::Pieces;
using Request = ::agent::AttestationRequest;

void addPiece(Endorsement& response, const std::string& kind)
{
    auto* piece = response.add_pieces();
    piece->set_kind(kind);
    piece->set_data("data");
}

} // namespace

class AgentTroubleTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AgentTroubleTest);
    CPPUNIT_TEST(breaksOffEvidenceThatIsTooLong);
    CPPUNIT_TEST(refusesOneMessageThatIsTooLong);
    CPPUNIT_TEST(waitsForASilentAgentUntilTheDeadline);
    CPPUNIT_TEST(waitsForAPortWithoutGrpcUntilTheDeadline);
    CPPUNIT_TEST(findsNobodyListening);
    CPPUNIT_TEST(tellsOfAnAgentWithoutTheService);
    CPPUNIT_TEST(showsTheAgentsWords);
    CPPUNIT_TEST(makesWordsForAnAgentThatHasNone);
    CPPUNIT_TEST(showsHostileWordsPrintableAndShort);
    CPPUNIT_TEST(knowsEveryCategoryThatAnAgentMakesUp);
    CPPUNIT_TEST(refusesTooManyPieces);
    CPPUNIT_TEST(refusesPiecesOfNoKind);
    CPPUNIT_TEST(takesWhatIsNoMessageForNothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        agent_.emplace();
        talk_.emplace();
    }
    void tearDown() override
    {
        talk_.reset();
        agent_.reset();
    }

private:
    void breaksOffEvidenceThatIsTooLong()
    {
        constexpr unsigned kEndless = 1000;
        std::atomic<unsigned> sent = 0;
        agent_->attestation = [&](ServerContext& context, const Request&, Pieces& pieces) {
            const std::string piece(1u << 20, 'x');
            while (sent < kEndless && send(pieces, piece))
                ++sent;
            return agent_->hang(context);
        };
        AgentSession session = talk_->session(agent_->address());
        expectError(Category::ResourceExhausted, "more evidence than 4194304 bytes",
                    [&] { (void)talk_->wait(session.attestation(1, {})); });
        CPPUNIT_ASSERT(agent_->cancelled.reaches(1));
        CPPUNIT_ASSERT(sent < kEndless);
    }

    void refusesOneMessageThatIsTooLong()
    {
        const std::string much((4u << 20) + 1, 'x');
        agent_->attestation = [&](ServerContext&, const Request&, Pieces& pieces) {
            send(pieces, much);
            return grpc::Status::OK;
        };
        agent_->answer = [&](ServerContext&, const FakeAgent::Challenge&,
                             v1::AnswerChallengeResponse& response) {
            response.set_answer(much);
            return grpc::Status::OK;
        };
        AgentSession session = talk_->session(agent_->address());
        expectError(Category::ResourceExhausted, "larger than max",
                    [&] { (void)talk_->wait(session.attestation(1, {})); });
        expectError(Category::ResourceExhausted, "larger than max",
                    [&] { (void)talk_->wait(session.answer({})); });
    }

    /// The call lasts as long as it may, give or take what a busy machine needs.
    void expectToEndAtTheDeadline(const std::string& address)
    {
        constexpr auto kLimit = 400ms;
        AgentSession session = talk_->session(address, kLimit);
        const auto start = Clock::now();
        expectError(Category::DeadlineExceeded, "the agent on " + address + " does not answer",
                    [&] { (void)talk_->wait(session.attestation(1, {})); });
        const auto ratio = (Clock::now() - start) / std::chrono::duration<double, Clock::period>(kLimit);
        CPPUNIT_ASSERT_MESSAGE(std::to_string(ratio), ratio > 0.9 && ratio < 20);
    }

    void waitsForASilentAgentUntilTheDeadline()
    {
        agent_->attestation = [&](ServerContext& context, const Request&, Pieces& pieces) {
            send(pieces, "a beginning");
            return agent_->hang(context);
        };
        expectToEndAtTheDeadline(agent_->address());
        CPPUNIT_ASSERT(agent_->cancelled.reaches(1));
    }

    void waitsForAPortWithoutGrpcUntilTheDeadline()
    {
        const DeadPort mute(DeadPort::Kind::Mute);
        expectToEndAtTheDeadline(mute.address());
    }

    void findsNobodyListening()
    {
        const DeadPort closed(DeadPort::Kind::Closed);
        AgentSession session = talk_->session(closed.address());
        const std::string words = "the agent on " + closed.address() + " does not answer";
        expectError(Category::Unavailable, words, [&] { (void)talk_->wait(session.attestation(1, {})); });
        expectError(Category::Unavailable, words, [&] { (void)talk_->wait(session.endorsement()); });
        expectError(Category::Unavailable, words, [&] { (void)talk_->wait(session.answer({})); });
    }

    void tellsOfAnAgentWithoutTheService()
    {
        const FakeAgent cocos(Knows::Evidence);
        AgentSession session = talk_->session(cocos.address());
        expectError(Category::Unimplemented, "UNIMPLEMENTED",
                    [&] { (void)talk_->wait(session.endorsement()); });
        expectError(Category::Unimplemented, "UNIMPLEMENTED", [&] { (void)talk_->wait(session.answer({})); });
    }

    /// What the daemon makes of an agent that fails so.
    std::string told(const grpc::Status& status, Category category)
    {
        agent_->attestation = [&](ServerContext&, const Request&, Pieces& pieces) {
            send(pieces, "evidence that does not count");
            return status;
        };
        AgentSession session = talk_->session(agent_->address());
        try {
            (void)talk_->wait(session.attestation(1, {}));
        } catch (const Error& error) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(error.what(), static_cast<int>(category),
                                         static_cast<int>(error.category()));
            return error.what();
        }
        CPPUNIT_FAIL("no error");
        return {};
    }

    void showsTheAgentsWords()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("the agent says: no TPM"),
                             told({StatusCode::FAILED_PRECONDITION, "no TPM"}, Category::FailedPrecondition));
        CPPUNIT_ASSERT_EQUAL(std::string("the agent says: who are you"),
                             told({StatusCode::UNAUTHENTICATED, "who are you"}, Category::Unauthenticated));
    }

    void makesWordsForAnAgentThatHasNone()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("the agent says: INTERNAL"),
                             told({StatusCode::INTERNAL, ""}, Category::Internal));
    }

    void showsHostileWordsPrintableAndShort()
    {
        constexpr std::size_t kShort = 1500;
        const std::string hostile = "\x1b[2J\r\nIt is attested\x7f\xc2\x9b \xff\xfe\0!";
        for (const std::size_t size : {hostile.size(), std::size_t{1000}, std::size_t{10240}}) {
            std::string words = hostile;
            while (words.size() < size)
                words += hostile;
            // gRPC itself refuses trailers beyond 8 KiB
            const auto category = size > 8192 ? Category::ResourceExhausted : Category::Internal;
            const std::string shown = told({StatusCode::INTERNAL, words}, category);
            CPPUNIT_ASSERT_MESSAGE(std::to_string(shown.size()), shown.size() < kShort);
            CPPUNIT_ASSERT_EQUAL(shown, printable(shown));
            CPPUNIT_ASSERT(shown.starts_with("the agent says: "));
            CPPUNIT_ASSERT(size > 8192 || shown.find("\\x1b[2J\\x0d\\x0aIt is") != std::string::npos);
        }
    }

    void knowsEveryCategoryThatAnAgentMakesUp()
    {
        for (const int code : {17, 31}) // the enumeration has room for these
            CPPUNIT_ASSERT_EQUAL(std::string("the agent says: odd"),
                                 told({static_cast<StatusCode>(code), "odd"}, Category::Unknown));
    }

    void refusesTooManyPieces()
    {
        unsigned number = 16;
        agent_->endorsement = [&](ServerContext&, Endorsement& response) {
            for (unsigned i = 0; i < number; ++i)
                addPiece(response, "tpm.ek");
            return grpc::Status::OK;
        };
        AgentSession session = talk_->session(agent_->address());
        CPPUNIT_ASSERT_EQUAL(std::size_t{16}, talk_->wait(session.endorsement()).size());
        number = 17;
        expectError(Category::ResourceExhausted, "too many pieces",
                    [&] { (void)talk_->wait(session.endorsement()); });
    }

    void refusesPiecesOfNoKind()
    {
        std::string kind;
        agent_->endorsement = [&](ServerContext&, Endorsement& response) {
            addPiece(response, "tpm.ek");
            addPiece(response, kind);
            return grpc::Status::OK;
        };
        AgentSession session = talk_->session(agent_->address());
        expectError(Category::InvalidArgument, "of no kind",
                    [&] { (void)talk_->wait(session.endorsement()); });
        kind = "tpm.\xff";
        CPPUNIT_ASSERT_THROW((void)talk_->wait(session.endorsement()), Error);
    }

    /// gRPC does not tell it from a message that is empty, or from the end of a stream.
    void takesWhatIsNoMessageForNothing()
    {
        for (const char* bytes : {"\xff\xff\xff", "\x0a\x7f too short"}) {
            const GarbledAgent garbled(bytes);
            AgentSession session = talk_->session(garbled.address());
            CPPUNIT_ASSERT(talk_->wait(session.attestation(1, {})).empty());
            CPPUNIT_ASSERT(talk_->wait(session.answer({})).empty());
            try {
                CPPUNIT_ASSERT(talk_->wait(session.endorsement()).empty());
            } catch (const InvalidArgument&) { // what could be read of a piece
            }
        }
    }

    std::optional<FakeAgent> agent_;
    std::optional<Talk> talk_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(AgentTroubleTest);

} // namespace teehost::agent::test
