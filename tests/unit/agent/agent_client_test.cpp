// SPDX-License-Identifier: Apache-2.0
//
// What an agent that behaves is asked, and what becomes of its answers.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "tests/unit/agent/fake_agent.h"
#include "tests/unit/agent/talk.h"

namespace teehost::agent::test {
namespace {

using grpc::ServerContext;
using plugin::Bytes;
using Request = ::agent::AttestationRequest;
using Pieces = FakeAgent::Pieces;

Bytes bytes(const std::string& text) { return {text.begin(), text.end()}; }

} // namespace

class AgentClientTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AgentClientTest);
    CPPUNIT_TEST(joinsThePiecesOfEvidence);
    CPPUNIT_TEST(takesEvidenceUpToTheLimit);
    CPPUNIT_TEST(takesNoEvidenceForNone);
    CPPUNIT_TEST(asksForTheKindAndTheNonce);
    CPPUNIT_TEST(bringsTheEndorsementPieceByPiece);
    CPPUNIT_TEST(carriesAChallengeAndItsAnswer);
    CPPUNIT_TEST(asksOneAgentSeveralTimes);
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
    void joinsThePiecesOfEvidence()
    {
        agent_->attestation = [](ServerContext&, const Request&, Pieces& pieces) {
            for (const char* piece : {"one,", "", "two,", "three"})
                send(pieces, piece);
            return grpc::Status::OK;
        };
        AgentSession session = talk_->session(agent_->address());
        CPPUNIT_ASSERT(talk_->wait(session.attestation(1, {})) == bytes("one,two,three"));
    }

    void takesEvidenceUpToTheLimit()
    {
        const std::string half(2u << 20, 'x');
        agent_->attestation = [&](ServerContext&, const Request&, Pieces& pieces) {
            send(pieces, half);
            send(pieces, half);
            return grpc::Status::OK;
        };
        AgentSession session = talk_->session(agent_->address());
        CPPUNIT_ASSERT_EQUAL(std::size_t{4u << 20}, talk_->wait(session.attestation(1, {})).size());
    }

    void takesNoEvidenceForNone()
    {
        agent_->attestation = [](ServerContext&, const Request&, Pieces&) { return grpc::Status::OK; };
        AgentSession session = talk_->session(agent_->address());
        CPPUNIT_ASSERT(talk_->wait(session.attestation(1, {})).empty());
    }

    void asksForTheKindAndTheNonce()
    {
        Request seen;
        agent_->attestation = [&](ServerContext&, const Request& request, Pieces&) {
            seen = request;
            return grpc::Status::OK;
        };
        AgentSession session = talk_->session(agent_->address());
        const Bytes nonce{0, 1, 0xff, 0, '\n'};
        (void)talk_->wait(session.attestation(4, nonce));
        CPPUNIT_ASSERT_EQUAL(4, seen.type());
        CPPUNIT_ASSERT(bytes(seen.teenonce()) == nonce && bytes(seen.vtpmnonce()) == nonce);
    }

    void bringsTheEndorsementPieceByPiece()
    {
        agent_->endorsement = [](ServerContext&, v1::GetEndorsementResponse& response) {
            for (const char* kind : {"tpm.ek", "tpm.ek_certificate"}) {
                auto* piece = response.add_pieces();
                piece->set_kind(kind);
                piece->set_data(std::string("\0data of ", 9) + kind);
            }
            return grpc::Status::OK;
        };
        AgentSession session = talk_->session(agent_->address());
        const auto pieces = talk_->wait(session.endorsement());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, pieces.size());
        CPPUNIT_ASSERT_EQUAL(std::string("tpm.ek"), pieces[0].kind);
        CPPUNIT_ASSERT_EQUAL(std::string("tpm.ek_certificate"), pieces[1].kind);
        CPPUNIT_ASSERT(pieces[0].data == bytes(std::string("\0data of tpm.ek", 15)));
    }

    void carriesAChallengeAndItsAnswer()
    {
        agent_->answer = [](ServerContext&, const FakeAgent::Challenge& asked,
                            v1::AnswerChallengeResponse& response) {
            response.set_answer(std::string(asked.challenge().rbegin(), asked.challenge().rend()));
            return grpc::Status::OK;
        };
        AgentSession session = talk_->session(agent_->address());
        CPPUNIT_ASSERT((talk_->wait(session.answer({0, 1, 0x80, 0xff})) == Bytes{0xff, 0x80, 1, 0}));
    }

    void asksOneAgentSeveralTimes()
    {
        agent_->attestation = [](ServerContext&, const Request& request, Pieces& pieces) {
            send(pieces, std::to_string(request.type()));
            return request.type() == 2 ? grpc::Status(grpc::StatusCode::INTERNAL, "not now")
                                       : grpc::Status::OK;
        };
        AgentSession session = talk_->session(agent_->address());
        CPPUNIT_ASSERT(talk_->wait(session.attestation(1, {})) == bytes("1"));
        CPPUNIT_ASSERT_THROW(talk_->wait(session.attestation(2, {})), std::runtime_error);
        CPPUNIT_ASSERT(talk_->wait(session.attestation(3, {})) == bytes("3"));
    }

    std::optional<FakeAgent> agent_;
    std::optional<Talk> talk_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(AgentClientTest);

} // namespace teehost::agent::test
