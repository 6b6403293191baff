// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/cvms/downlink.h"
#include "guest/agent/cvms/message.h"
#include "guest/agent/cvms/replies.h"

namespace teehost::guest {
namespace {

class RequestsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RequestsTest);
    CPPUNIT_TEST(tellsTheState);
    CPPUNIT_TEST(handsOnWhatTheAgentDoes);
    CPPUNIT_TEST(gathersThePiecesOfARun);
    CPPUNIT_TEST(refusesAManifestWithoutEnd);
    CPPUNIT_TEST(saysThatTheAgentTakesNothing);
    CPPUNIT_TEST(passesOverWhatNeedsNoAnswer);
    CPPUNIT_TEST(carriesRequestsToTheAgent);
    CPPUNIT_TEST_SUITE_END();

    std::vector<cvms::ServerStreamMessage> handed_;
    bool agentIsThere_ = true;

    Requests requests()
    {
        return Requests("vm-1", {[] { return "Running"; },
                                 [this](const cvms::ServerStreamMessage& request) {
                                     handed_.push_back(request);
                                     return agentIsThere_;
                                 }});
    }

    static cvms::ServerStreamMessage stateRequest(const std::string& id)
    {
        cvms::ServerStreamMessage request;
        request.mutable_agentstatereq()->set_id(id);
        return request;
    }

    static cvms::ServerStreamMessage piece(const std::string& id, const std::string& data, bool isLast)
    {
        cvms::ServerStreamMessage request;
        request.mutable_runreqchunks()->set_id(id);
        request.mutable_runreqchunks()->set_data(data);
        request.mutable_runreqchunks()->set_is_last(isLast);
        return request;
    }

    void tellsTheState()
    {
        const auto state = requests().take(stateRequest("q-1"));
        CPPUNIT_ASSERT_EQUAL(std::string("q-1"), state->agentstateres().id());
        CPPUNIT_ASSERT_EQUAL(std::string("Running"), state->agentstateres().state());
    }

    void handsOnWhatTheAgentDoes()
    {
        cvms::ServerStreamMessage stop, run;
        stop.mutable_stopcomputation()->set_computation_id("c-1");
        run.set_runreq("whatever that is");
        auto them = requests();
        CPPUNIT_ASSERT(!them.take(stop));
        CPPUNIT_ASSERT(!them.take(run));
        CPPUNIT_ASSERT_EQUAL(std::string("c-1"), handed_.at(0).stopcomputation().computation_id());
        CPPUNIT_ASSERT_EQUAL(std::string("vm-1"), handed_.at(1).runreqchunks().id());
        CPPUNIT_ASSERT_EQUAL(std::string("whatever that is"), handed_.at(1).runreqchunks().data());
    }

    void gathersThePiecesOfARun()
    {
        auto them = requests();
        CPPUNIT_ASSERT(!them.take(piece("c-1", "lost", false)));
        CPPUNIT_ASSERT(!them.take(piece("c-2", "ab", false))); // another one: the first begins anew
        CPPUNIT_ASSERT(!them.take(piece("c-2", "cd", true)));
        CPPUNIT_ASSERT(!them.take(piece("c-2", "ef", true)));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, handed_.size());
        CPPUNIT_ASSERT_EQUAL(std::string("abcd"), handed_[0].runreqchunks().data());
        CPPUNIT_ASSERT_EQUAL(std::string("ef"), handed_[1].runreqchunks().data());
    }

    void refusesAManifestWithoutEnd()
    {
        auto them = requests();
        for (int i = 0; i < 100; ++i)
            CPPUNIT_ASSERT(!them.take(piece("c-1", std::string(100'000, 'm'), false)));
        const auto refused = them.take(piece("c-1", "m", true));
        CPPUNIT_ASSERT_EQUAL(std::string("c-1"), refused->run_res().computation_id());
        CPPUNIT_ASSERT_EQUAL(std::string("a manifest has at most 131072 bytes"), refused->run_res().error());
        cvms::ServerStreamMessage run;
        run.set_runreq(std::string(kMaxManifestBytes + 1, 'm'));
        CPPUNIT_ASSERT(!them.take(run)->run_res().error().empty());
        CPPUNIT_ASSERT(handed_.empty());
    }

    void saysThatTheAgentTakesNothing()
    {
        agentIsThere_ = false;
        cvms::ServerStreamMessage stop;
        stop.mutable_stopcomputation()->set_computation_id("c-1");
        const auto stopped = requests().take(stop);
        CPPUNIT_ASSERT_EQUAL(std::string("c-1"), stopped->stopcomputationres().computation_id());
        CPPUNIT_ASSERT(!stopped->stopcomputationres().message().empty());
        CPPUNIT_ASSERT(!requests().take(piece("c-1", "m", true))->run_res().error().empty());
    }

    void passesOverWhatNeedsNoAnswer()
    {
        cvms::ServerStreamMessage disconnect;
        disconnect.mutable_disconnectreq()->set_id("x");
        auto them = requests();
        CPPUNIT_ASSERT(!them.take(disconnect));
        CPPUNIT_ASSERT(!them.take(cvms::ServerStreamMessage()));
        CPPUNIT_ASSERT(them.take(stateRequest(std::string(kMaxIdBytes, 'i'))));
        CPPUNIT_ASSERT(!them.take(stateRequest(std::string(kMaxIdBytes + 1, 'i'))));
        CPPUNIT_ASSERT(!them.take(piece(std::string(kMaxIdBytes + 1, 'i'), "m", true)));
        CPPUNIT_ASSERT(handed_.empty());
    }

    void carriesRequestsToTheAgent()
    {
        const Downlink downlink;
        CPPUNIT_ASSERT(downlink.send(piece("c-1", std::string(kMaxManifestBytes, 'm'), true)));
        CPPUNIT_ASSERT_EQUAL(kMaxManifestBytes, downlink.receive()->runreqchunks().data().size());
        CPPUNIT_ASSERT(!downlink.send(piece("c-1", std::string(Downlink::kMaxRecordBytes, 'm'), true)));
        int sent = 0;
        while (downlink.send(piece("c-1", std::string(kMaxManifestBytes, 'm'), true)))
            CPPUNIT_ASSERT(++sent < 1000); // nobody reads, and nobody waits
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RequestsTest);

} // namespace
} // namespace teehost::guest
