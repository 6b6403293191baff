// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <thread>

#include <cppunit/extensions/HelperMacros.h>

#include <signal.h>
#include <sys/wait.h>

#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "host/base/helper_talk.h"

namespace teehost {
namespace {

using namespace std::chrono_literals;

class HelperTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HelperTest);
    CPPUNIT_TEST(answersLineByLine);
    CPPUNIT_TEST(saysWhatItsLastWordsWere);
    CPPUNIT_TEST(tellsSilenceFromAnEnd);
    CPPUNIT_TEST(diesWithWhoTalksToIt);
    CPPUNIT_TEST(doesNotWaitForWhatGoesOnInSilence);
    CPPUNIT_TEST_SUITE_END();

    static std::chrono::steady_clock::time_point in(std::chrono::milliseconds time)
    {
        return std::chrono::steady_clock::now() + time;
    }
    static Category categoryOf(HelperTalk& helper, std::string* message = nullptr)
    {
        try {
            (void)helper.ask("a line");
        } catch (const Error& e) {
            if (message != nullptr)
                *message = e.what();
            return e.category();
        }
        CPPUNIT_FAIL("it answered");
        return {};
    }

    void answersLineByLine()
    {
        HelperTalk helper({"cat"}, in(60s));
        CPPUNIT_ASSERT_EQUAL(std::string("one"), helper.ask("one"));
        CPPUNIT_ASSERT_EQUAL(std::string(100'000, 'x'), helper.ask(std::string(100'000, 'x')));
    }

    void saysWhatItsLastWordsWere()
    {
        HelperTalk helper({"sh", "-c", "read line; echo no such device >&2"}, in(60s));
        std::string message;
        CPPUNIT_ASSERT(Category::FailedPrecondition == categoryOf(helper, &message));
        CPPUNIT_ASSERT_EQUAL(std::string("\"sh\" ended: no such device"), message);
    }

    void tellsSilenceFromAnEnd()
    {
        for (int i = 0; i < 10; ++i) {
            HelperTalk helper({"sleep", "600"}, in(5ms));
            CPPUNIT_ASSERT(Category::DeadlineExceeded == categoryOf(helper));
        }
    }

    void diesWithWhoTalksToIt()
    {
        std::unique_ptr<HelperTalk> helper;
        pid_t pid = 0;
        std::thread([&] {
            helper = std::make_unique<HelperTalk>(
                std::vector<std::string>{"sh", "-c", "read line; echo $$; exec sleep 600"}, in(60s));
            pid = std::stoi(helper->ask("who are you?"));
        }).join();
        siginfo_t end{};
        CPPUNIT_ASSERT_EQUAL(0, ::waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOWAIT));
        CPPUNIT_ASSERT_EQUAL(int{CLD_KILLED}, end.si_code);
    }

    void doesNotWaitForWhatGoesOnInSilence()
    {
        const auto before = std::chrono::steady_clock::now();
        CPPUNIT_ASSERT(runHelper({"sh", "-c", "exec >&- 2>&-; exec sleep 600"}, 300ms).timedOut);
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - before < 60s);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HelperTest);

} // namespace
} // namespace teehost
