// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/child_process.h"

namespace teehost::guest {
namespace {

class ChildProcessTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ChildProcessTest);
    CPPUNIT_TEST(startsAgainWhatDies);
    CPPUNIT_TEST(leavesAloneWhatIsDone);
    CPPUNIT_TEST(knowsItsOwnChild);
    CPPUNIT_TEST_SUITE_END();

    static void waitFor(ChildProcess& child)
    {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, 0);
        CPPUNIT_ASSERT(pid > 0);
        CPPUNIT_ASSERT(child.ended(pid, status));
        CPPUNIT_ASSERT(!child.runs());
    }

    void startsAgainWhatDies()
    {
        const Console console;
        ChildProcess child("it", console, [] { return ::pause(); });
        child.start();
        CPPUNIT_ASSERT(child.runs());
        CPPUNIT_ASSERT(!child.dueIn());
        child.signal(SIGKILL);
        waitFor(child);
        CPPUNIT_ASSERT(child.dueIn() > std::chrono::milliseconds(0));
        child.startIfDue(); // in a second, not at once
        CPPUNIT_ASSERT(!child.runs());
        child.signal(SIGKILL); // of nobody

        ChildProcess failing("it", console, [] { return 1; });
        failing.start();
        waitFor(failing);
        CPPUNIT_ASSERT(failing.dueIn().has_value());
    }

    void leavesAloneWhatIsDone()
    {
        const Console console;
        ChildProcess child("it", console, [] { return 0; });
        child.start();
        waitFor(child);
        CPPUNIT_ASSERT(!child.dueIn());
    }

    void knowsItsOwnChild()
    {
        const Console console;
        ChildProcess child("it", console, [] { return 0; });
        CPPUNIT_ASSERT(!child.ended(::getpid(), 0));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ChildProcessTest);

} // namespace
} // namespace teehost::guest
