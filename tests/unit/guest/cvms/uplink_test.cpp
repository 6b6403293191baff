// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/cvms/downlink.h"
#include "guest/agent/cvms/message.h"
#include "guest/agent/cvms/uplink.h"

namespace teehost::guest {
namespace {

std::optional<cvms::ClientStreamMessage> take(const Uplink& uplink)
{
    char record[Uplink::kMaxRecordBytes];
    const auto size = ::recv(uplink.receiver(), record, sizeof record, MSG_TRUNC);
    if (size < 0)
        return std::nullopt;
    cvms::ClientStreamMessage message;
    CPPUNIT_ASSERT(static_cast<std::size_t>(size) <= sizeof record);
    CPPUNIT_ASSERT(message.ParseFromArray(record, static_cast<int>(size)));
    return message;
}

class UplinkTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(UplinkTest);
    CPPUNIT_TEST(keepsWhatIsSaidBeforeAnybodyListens);
    CPPUNIT_TEST(takesTheLongestLine);
    CPPUNIT_TEST(neverWaitsAndSaysHowMuchIsLost);
    CPPUNIT_TEST(sharesTheStateWithChildren);
    CPPUNIT_TEST(losesNoReply);
    CPPUNIT_TEST(namesTheComputation);
    CPPUNIT_TEST(forgetsOnceClosed);
    CPPUNIT_TEST(sendsNoEmptyRequest);
    CPPUNIT_TEST_SUITE_END();

    void keepsWhatIsSaidBeforeAnybodyListens()
    {
        const Uplink uplink;
        uplink.log(LogLevel::Info, "first");
        uplink.event(GuestEvent::VmProvisioned);
        CPPUNIT_ASSERT_EQUAL(std::string("first"), take(uplink)->agent_log().message());
        CPPUNIT_ASSERT_EQUAL(std::string("vm-provision"), take(uplink)->agent_event().event_type());
        CPPUNIT_ASSERT(!take(uplink));
    }

    void takesTheLongestLine()
    {
        const Uplink uplink;
        uplink.log(LogLevel::Warning, std::string(100'000, '\xff'));
        CPPUNIT_ASSERT(take(uplink)->agent_log().message().ends_with("..."));
    }

    void neverWaitsAndSaysHowMuchIsLost()
    {
        const Uplink uplink;
        constexpr int kLines = 10'000;
        for (int i = 0; i < kLines; ++i)
            uplink.log(LogLevel::Info, std::to_string(i));
        int kept = 0;
        for (; take(uplink); ++kept) {
        }
        CPPUNIT_ASSERT(kept > 50 && kept < kLines); // a boot has about twenty
        uplink.log(LogLevel::Info, "next");
        CPPUNIT_ASSERT(
            take(uplink)->agent_log().message().starts_with(std::to_string(kLines - kept) + " messages"));
        CPPUNIT_ASSERT_EQUAL(std::string("next"), take(uplink)->agent_log().message());
    }

    void sharesTheStateWithChildren()
    {
        const Uplink uplink;
        CPPUNIT_ASSERT_EQUAL(std::string("Starting"), uplink.agentState());
        const pid_t child = ::fork();
        if (child == 0) {
            uplink.event(GuestEvent::AwaitingManifest);
            ::_exit(0);
        }
        CPPUNIT_ASSERT_EQUAL(child, ::waitpid(child, nullptr, 0));
        CPPUNIT_ASSERT_EQUAL(std::string("ReceivingManifest"), uplink.agentState());
        CPPUNIT_ASSERT_EQUAL(std::string("ReceivingManifest"), take(uplink)->agent_event().event_type());
        uplink.event(GuestEvent::VmProvisioned); // not of the agent
        CPPUNIT_ASSERT_EQUAL(std::string("ReceivingManifest"), uplink.agentState());
    }

    void losesNoReply()
    {
        const Uplink uplink;
        for (int i = 0; i < 10'000; ++i)
            uplink.log(LogLevel::Info, "fills the socket");
        cvms::ClientStreamMessage reply;
        reply.mutable_run_res()->set_computation_id("c-1");
        std::thread replying([&] { uplink.reply(reply); });
        pollfd readable{uplink.receiver(), POLLIN, 0};
        bool arrived = false;
        while (!arrived && ::poll(&readable, 1, 10'000) == 1)
            if (const auto message = take(uplink))
                arrived = message->run_res().computation_id() == "c-1";
        replying.join();
        CPPUNIT_ASSERT(arrived);
    }

    void namesTheComputation()
    {
        const Uplink uplink;
        uplink.setComputation("c-1");
        uplink.log(LogLevel::Info, "a line");
        uplink.event(GuestEvent::AwaitingData);
        const auto line = *take(uplink), event = *take(uplink);
        CPPUNIT_ASSERT_EQUAL(std::string("c-1"), line.agent_log().computation_id());
        CPPUNIT_ASSERT_EQUAL(std::string("c-1"), event.agent_event().computation_id());
        CPPUNIT_ASSERT(hasComputation(line) && hasComputation(event));
        uplink.setComputation({});
        uplink.event(GuestEvent::AwaitingManifest);
        CPPUNIT_ASSERT(!hasComputation(*take(uplink))); // left to the process that knows the VM's
        auto tooLong = line;
        setComputation(tooLong, std::string(kMaxIdBytes + 1, 'x'));
        CPPUNIT_ASSERT(!hasComputation(tooLong));
    }

    void forgetsOnceClosed()
    {
        Uplink uplink;
        uplink.log(LogLevel::Info, "a line");
        uplink.close();
        uplink.log(LogLevel::Info, "another");
        uplink.event(GuestEvent::AgentFailed);
        CPPUNIT_ASSERT(!take(uplink));
        CPPUNIT_ASSERT_EQUAL(std::string("Failed"), uplink.agentState());
    }

    /// An empty record would be the end of the socket to its reader.
    void sendsNoEmptyRequest()
    {
        const Downlink downlink;
        CPPUNIT_ASSERT(!downlink.send({}));
        cvms::ServerStreamMessage stop;
        stop.mutable_stopcomputation()->set_computation_id("c-1");
        CPPUNIT_ASSERT(downlink.send(stop));
        CPPUNIT_ASSERT_EQUAL(std::string("c-1"), downlink.receive()->stopcomputation().computation_id());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(UplinkTest);

} // namespace
} // namespace teehost::guest
