// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <thread>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/cvms/message.h"
#include "guest/agent/cvms/outbox.h"

namespace teehost::guest {
namespace {

using namespace std::chrono_literals;

cvms::ClientStreamMessage line(const std::string& text) { return logMessage(LogLevel::Info, text, {}); }

std::string textOf(const std::optional<Outbox::Item>& item)
{
    CPPUNIT_ASSERT(item.has_value());
    return item->message.agent_log().message();
}

class OutboxTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OutboxTest);
    CPPUNIT_TEST(givesInOrder);
    CPPUNIT_TEST(keepsLinesFromOneConnectionToTheNext);
    CPPUNIT_TEST(dropsTheOldestAndSaysHowMany);
    CPPUNIT_TEST(boundsBytesToo);
    CPPUNIT_TEST(countsADroppedCount);
    CPPUNIT_TEST(putsBackWhatWasNotSent);
    CPPUNIT_TEST(letsRepliesPass);
    CPPUNIT_TEST(makesWhoRepliesTooMuchWait);
    CPPUNIT_TEST(endsTheWaitsWithTheConnection);
    CPPUNIT_TEST(finishesWhenAllIsSent);
    CPPUNIT_TEST_SUITE_END();

    void givesInOrder()
    {
        Outbox outbox({});
        outbox.beginConnection();
        outbox.push(line("1"));
        outbox.push(line("2"));
        CPPUNIT_ASSERT_EQUAL(std::string("1"), textOf(outbox.next()));
        CPPUNIT_ASSERT_EQUAL(std::string("2"), textOf(outbox.next()));
    }

    void keepsLinesFromOneConnectionToTheNext()
    {
        Outbox outbox({});
        outbox.push(line("before"));
        CPPUNIT_ASSERT(!outbox.next()); // no connection
        outbox.beginConnection();
        outbox.endConnection();
        outbox.push(line("between"));
        outbox.beginConnection();
        CPPUNIT_ASSERT_EQUAL(std::string("before"), textOf(outbox.next()));
        CPPUNIT_ASSERT_EQUAL(std::string("between"), textOf(outbox.next()));
    }

    void dropsTheOldestAndSaysHowMany()
    {
        Outbox outbox({.messages = 3});
        for (int i = 0; i < 10; ++i)
            outbox.push(line(std::to_string(i)));
        outbox.beginConnection();
        CPPUNIT_ASSERT(textOf(outbox.next()).starts_with("7 messages"));
        for (int i = 7; i < 10; ++i)
            CPPUNIT_ASSERT_EQUAL(std::to_string(i), textOf(outbox.next()));
    }

    void boundsBytesToo()
    {
        const auto size = line("0").ByteSizeLong();
        Outbox outbox({.bytes = 4 * size});
        for (int i = 0; i < 10; ++i)
            outbox.push(line(std::to_string(i)));
        outbox.push(line(std::string(100 * size, 'x'))); // which holds no message at all then
        outbox.push(line("last"));
        outbox.beginConnection();
        CPPUNIT_ASSERT(textOf(outbox.next()).starts_with("11 messages"));
        CPPUNIT_ASSERT_EQUAL(std::string("last"), textOf(outbox.next()));
    }

    void countsADroppedCount()
    {
        Outbox outbox({.messages = 2});
        for (int i = 0; i < 5; ++i)
            outbox.push(line(std::to_string(i)));
        outbox.beginConnection();
        outbox.putBack(*outbox.next()); // "3 messages", for which there is no room: as good as lost
        CPPUNIT_ASSERT(textOf(outbox.next()).starts_with("3 messages"));
        CPPUNIT_ASSERT_EQUAL(std::string("3"), textOf(outbox.next()));
    }

    void putsBackWhatWasNotSent()
    {
        Outbox outbox({});
        outbox.push(line("1"));
        outbox.push(line("2"));
        outbox.beginConnection();
        outbox.putBack(*outbox.next());
        CPPUNIT_ASSERT_EQUAL(std::string("1"), textOf(outbox.next()));
        CPPUNIT_ASSERT(outbox.reply(line("reply")));
        outbox.putBack(*outbox.next()); // of a connection that is over
        CPPUNIT_ASSERT_EQUAL(std::string("2"), textOf(outbox.next()));
    }

    void letsRepliesPass()
    {
        Outbox outbox({});
        outbox.push(line("line"));
        outbox.beginConnection();
        CPPUNIT_ASSERT(outbox.reply(line("reply")));
        CPPUNIT_ASSERT_EQUAL(std::string("reply"), textOf(outbox.next()));
        CPPUNIT_ASSERT(outbox.reply(line("forgotten")));
        outbox.endConnection();
        outbox.beginConnection();
        CPPUNIT_ASSERT_EQUAL(std::string("line"), textOf(outbox.next()));
    }

    void makesWhoRepliesTooMuchWait()
    {
        Outbox outbox({.replies = 2});
        outbox.beginConnection();
        std::atomic<int> made = 0;
        std::jthread reader([&] {
            while (outbox.reply(line("reply")))
                ++made;
        });
        for (int taken = 0; taken < 100; ++taken) {
            CPPUNIT_ASSERT(outbox.next().has_value());
            CPPUNIT_ASSERT(made <= taken + 1 + 2);
        }
        outbox.endConnection();
    }

    void endsTheWaitsWithTheConnection()
    {
        Outbox outbox({});
        outbox.beginConnection();
        std::jthread ends([&] { outbox.endConnection(); });
        CPPUNIT_ASSERT(!outbox.next());
        CPPUNIT_ASSERT(!outbox.reply(line("too late")));
    }

    void finishesWhenAllIsSent()
    {
        Outbox outbox({});
        outbox.beginConnection();
        outbox.push(line("last words"));
        CPPUNIT_ASSERT(outbox.pause(0ms));
        outbox.finish();
        CPPUNIT_ASSERT_EQUAL(std::string("last words"), textOf(outbox.next()));
        CPPUNIT_ASSERT(!outbox.next());
        CPPUNIT_ASSERT(outbox.finishing());
        CPPUNIT_ASSERT(!outbox.pause(1h));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(OutboxTest);

} // namespace
} // namespace teehost::guest
