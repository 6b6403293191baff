// SPDX-License-Identifier: Apache-2.0
//
// What the coroutines of a VM's life are made of. Everything here runs on the one io_context thread that owns
// all VMs, except the function handed to onPool().
//
// Boost.Asio 1.74 has no per-operation cancellation: a coroutine that must notice something waits on a
// Signal, and whoever changes that something notifies it.
#pragma once

#include <utility> // asio 1.74 uses std::exchange without including it

#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <type_traits>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace teehost {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

/// To wait with no deadline: asio's timers want one that does not overflow.
inline constexpr Clock::duration kForever = std::chrono::hours(24 * 365);

/// "Something changed; look again." Any number of coroutines may wait; each checks its own condition before
/// it waits, and since nothing else runs in between, no notification is lost.
class Signal {
public:
    explicit Signal(asio::io_context& io) : io_(io) {}
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    void notify()
    {
        for (auto* timer : waiters_)
            timer->cancel();
    }

    /// Returns when notified or at `deadline`, whichever comes first.
    asio::awaitable<void> waitUntil(Clock::time_point deadline)
    {
        asio::steady_timer timer(io_);
        timer.expires_at(deadline);
        waiters_.push_back(&timer);
        const auto self = std::prev(waiters_.end());
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        waiters_.erase(self);
    }

private:
    asio::io_context& io_;
    std::list<asio::steady_timer*> waiters_;
};

/// Runs a function that blocks on the pool and comes back to the io_context with its result or exception.
template <class Function>
asio::awaitable<std::invoke_result_t<Function>> onPool(asio::thread_pool& pool, Function function)
{
    using Result = std::invoke_result_t<Function>;
    if constexpr (std::is_void_v<Result>) {
        auto work = [](Function f) -> asio::awaitable<void> {
            f();
            co_return;
        };
        co_await asio::co_spawn(pool, work(std::move(function)), asio::use_awaitable);
    } else {
        // asio needs a default-constructible result for the case of an exception.
        auto work = [](Function f) -> asio::awaitable<std::shared_ptr<Result>> {
            co_return std::make_shared<Result>(f());
        };
        const std::shared_ptr<Result> result =
            co_await asio::co_spawn(pool, work(std::move(function)), asio::use_awaitable);
        co_return std::move(*result);
    }
}

} // namespace teehost
