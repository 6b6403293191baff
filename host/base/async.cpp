// SPDX-License-Identifier: Apache-2.0
#include "host/base/async.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

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
    co_await expiry(timer);
    waiters_.erase(self);
}

asio::awaitable<bool> expiry(asio::steady_timer& timer)
{
    boost::system::error_code cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    co_return !cancelled;
}

void spawn(asio::io_context& io, std::function<asio::awaitable<void>()> coroutine,
           std::function<void(std::exception_ptr)> then)
{
    asio::co_spawn(io, std::move(coroutine), [then = std::move(then)](std::exception_ptr error) {
        if (then)
            then(error);
    });
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
    pool.post([waiting, executor, work = std::move(work)]() mutable {
        work();
        work = nullptr; // the result, or exception, belongs to the one who waits from now on
        asio::post(executor, [waiting] {
            waiting->done = true;
            waiting->timer.cancel();
        });
    });
    while (!waiting->done)
        co_await expiry(waiting->timer);
}

} // namespace teehost
