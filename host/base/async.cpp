// SPDX-License-Identifier: Apache-2.0
#include "host/base/async.h"

#include <boost/asio/post.hpp>

namespace teehost {

void Signal::notify()
{
    for (auto* timer : waiters_)
        timer->cancel();
}

asio::awaitable<void> Signal::waitUntil(Clock::time_point deadline)
{
    asio::steady_timer timer(io_);
    timer.expires_at(deadline);
    waiters_.push_back(&timer);
    const auto self = std::prev(waiters_.end());
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    waiters_.erase(self);
}

asio::awaitable<void> runOn(Workers& pool, std::function<void()> work)
{
    const auto executor = co_await asio::this_coro::executor;
    struct Waiting {
        explicit Waiting(const asio::any_io_executor& executor) : timer(executor, Clock::time_point::max()) {}
        asio::steady_timer timer;
        bool done = false;
    };
    const auto waiting = std::make_shared<Waiting>(executor);
    pool.post([waiting, executor, work = std::move(work)] {
        work();
        asio::post(executor, [waiting] {
            waiting->done = true;
            waiting->timer.cancel();
        });
    });
    boost::system::error_code ignored;
    while (!waiting->done)
        co_await waiting->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

} // namespace teehost
