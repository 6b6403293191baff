// SPDX-License-Identifier: Apache-2.0
#include "host/base/workers.h"

#include <atomic>
#include <chrono>
#include <future>

#include <cppunit/extensions/HelperMacros.h>

namespace teehost {
namespace {

using namespace std::chrono_literals;

class WorkersTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(WorkersTest);
    CPPUNIT_TEST(doesAllWorkBeforeItEnds);
    CPPUNIT_TEST(growsWhileWorkWaitsAndShrinksAgain);
    CPPUNIT_TEST(workThatIsStuckHoldsUpNothingElse);
    CPPUNIT_TEST(takesWorkFromItsOwnThreads);
    CPPUNIT_TEST_SUITE_END();

    /// Lets work end that waits, also when the test fails.
    struct Release {
        std::promise<void>& promise;
        ~Release() { promise.set_value(); }
    };

    void doesAllWorkBeforeItEnds()
    {
        std::atomic<int> done{0}, together{0}, most{0};
        {
            Workers workers(3);
            for (int i = 0; i < 500; ++i)
                workers.post([&] {
                    const int now = ++together;
                    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                    }
                    if (done % 50 == 0)
                        std::this_thread::sleep_for(1ms);
                    --together;
                    ++done;
                });
        }
        CPPUNIT_ASSERT_EQUAL(500, done.load());
        CPPUNIT_ASSERT(most <= 3);
    }

    void growsWhileWorkWaitsAndShrinksAgain()
    {
        Workers workers(4);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, workers.threads());
        std::promise<void> release;
        const std::shared_future<void> released = release.get_future().share();
        std::atomic<int> begun{0};
        for (int i = 0; i < 8; ++i)
            workers.post([&begun, released] {
                ++begun;
                released.wait();
            });
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (begun < 4 && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(1ms);
        CPPUNIT_ASSERT_EQUAL(4, begun.load());
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, workers.threads());
        release.set_value();
        while (workers.threads() > 1 && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(10ms);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, workers.threads());
        CPPUNIT_ASSERT_EQUAL(8, begun.load());
        std::promise<void> again;
        workers.post([&again] { again.set_value(); });
        again.get_future().get();
    }

    void workThatIsStuckHoldsUpNothingElse()
    {
        std::promise<void> release;
        Workers workers(2);
        const Release atTheEnd{release};
        for (int i = 0; i < 100; ++i) {
            if (i == 50)
                workers.post([released = release.get_future().share()] { released.wait(); });
            std::promise<void> done;
            workers.post([&done] { done.set_value(); });
            CPPUNIT_ASSERT(done.get_future().wait_for(60s) == std::future_status::ready);
        }
    }

    void takesWorkFromItsOwnThreads()
    {
        std::promise<void> done;
        Workers workers(1);
        workers.post([&] { workers.post([&done] { done.set_value(); }); });
        CPPUNIT_ASSERT(done.get_future().wait_for(60s) == std::future_status::ready);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(WorkersTest);

} // namespace
} // namespace teehost
