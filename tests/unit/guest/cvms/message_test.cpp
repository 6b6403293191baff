// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/cvms/message.h"

namespace teehost::guest {
namespace {

using namespace std::chrono_literals;

const WallTime kTime{1700000000s + 123456us};

class MessageTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MessageTest);
    CPPUNIT_TEST(makesALogLine);
    CPPUNIT_TEST(escapesWhatIsNoText);
    CPPUNIT_TEST(boundsALine);
    CPPUNIT_TEST(makesEveryEvent);
    CPPUNIT_TEST(readsLevels);
    CPPUNIT_TEST(saysHowManyWereDropped);
    CPPUNIT_TEST_SUITE_END();

    void makesALogLine()
    {
        auto message = logMessage(LogLevel::Warning, "a line", kTime);
        setComputation(message, "vm-1");
        const auto& log = message.agent_log();
        CPPUNIT_ASSERT_EQUAL(std::string("a line"), log.message());
        CPPUNIT_ASSERT_EQUAL(std::string("WARN"), log.level());
        CPPUNIT_ASSERT_EQUAL(std::string("vm-1"), log.computation_id());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1700000000}, log.timestamp().seconds());
        CPPUNIT_ASSERT_EQUAL(123456000, log.timestamp().nanos());
        CPPUNIT_ASSERT(levelOf(message) == LogLevel::Warning);
        // Before 1970 the nanoseconds still count forwards (google/protobuf/timestamp.proto).
        CPPUNIT_ASSERT_EQUAL(
            750'000'000, logMessage(LogLevel::Info, "", WallTime(-250ms)).agent_log().timestamp().nanos());
    }

    void escapesWhatIsNoText()
    {
        using namespace std::string_view_literals;
        const auto message = logMessage(LogLevel::Info, "a\n\x1b[2J\0\xff\\ z"sv, kTime);
        CPPUNIT_ASSERT_EQUAL(std::string("a\\x0a\\x1b[2J\\x00\\xff\\ z"), message.agent_log().message());
    }

    void boundsALine()
    {
        CPPUNIT_ASSERT_EQUAL(
            kMaxLogBytes,
            logMessage(LogLevel::Info, std::string(kMaxLogBytes, 'a'), kTime).agent_log().message().size());
        for (const char byte : {'a', '\xff'}) {
            const auto text =
                logMessage(LogLevel::Info, std::string(10 * kMaxLogBytes, byte), kTime).agent_log().message();
            CPPUNIT_ASSERT(text.size() <= kMaxLogBytes + 3);
            CPPUNIT_ASSERT(text.ends_with("..."));
        }
    }

    void makesEveryEvent()
    {
        for (std::size_t i = 0; i < kEventWords.size(); ++i) {
            const auto message = eventMessage(static_cast<GuestEvent>(i), kTime, 2875ms);
            const auto& event = message.agent_event();
            CPPUNIT_ASSERT_EQUAL(std::string(kEventWords[i].type), event.event_type());
            CPPUNIT_ASSERT_EQUAL(std::string(kEventWords[i].status), event.status());
            CPPUNIT_ASSERT_EQUAL(std::string("agent"), event.originator());
            CPPUNIT_ASSERT_EQUAL(std::string(R"({"uptime_ms":2875})"), event.details());
            CPPUNIT_ASSERT(!levelOf(message));
        }
    }

    void readsLevels()
    {
        for (const auto level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error})
            CPPUNIT_ASSERT(parseLogLevel(nameOf(level)) == level);
        CPPUNIT_ASSERT(parseLogLevel("warning") == LogLevel::Warning);
        CPPUNIT_ASSERT(parseLogLevel("Debug") == LogLevel::Debug);
        for (const auto* text : {"", "warn ", "infos", "inf", "4"})
            CPPUNIT_ASSERT_MESSAGE(text, !parseLogLevel(text));
    }

    void saysHowManyWereDropped()
    {
        const auto message = droppedMessage(17, kTime);
        CPPUNIT_ASSERT(message.agent_log().message().starts_with("17 messages before this one were dropped"));
        CPPUNIT_ASSERT_EQUAL(std::string("WARN"), message.agent_log().level());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MessageTest);

} // namespace
} // namespace teehost::guest
