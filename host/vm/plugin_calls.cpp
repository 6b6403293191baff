// SPDX-License-Identifier: Apache-2.0
#include "host/vm/plugin_calls.h"

#include <thread>

#include <boost/asio/post.hpp>

#include "host/base/error.h"

namespace teehost::vm {

asio::awaitable<void> PluginCalls::await(std::function<void()> work, Clock::time_point deadline,
                                         std::shared_ptr<Signal> changed, std::function<bool()> abandoned)
{
    const auto done = std::make_shared<bool>(false);
    ++running_;
    pool_.post([this, work = std::move(work), done, changed]() mutable {
        work();
        work = nullptr; // the result, or exception, belongs to the one who waits from now on
        --running_;
        asio::post(io_, [done, changed] {
            *done = true;
            changed->notify();
        });
    });
    while (!*done && Clock::now() < deadline && !abandoned())
        co_await changed->waitUntil(deadline);
    if (*done)
        co_return;
    if (Clock::now() < deadline)
        throw Error(Category::Cancelled, "nobody waits for the plugin any more");
    throw Error(Category::DeadlineExceeded, "a plugin did not answer in time",
                "see teehostd's log for what it was asked last; restart the daemon if it happens again");
}

bool PluginCalls::idleWithin(Clock::duration patience) const
{
    const auto deadline = Clock::now() + patience;
    while (running_ > 0 && Clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return running_ == 0;
}

} // namespace teehost::vm
