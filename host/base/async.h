// SPDX-License-Identifier: Apache-2.0
//
// The parts that the coroutines of a VM's life are made of. Everything here runs on the one io_context thread
// that owns all VMs, except the function handed to onPool().
//
// Boost.Asio 1.74 has no per-operation cancellation: a coroutine that must notice something waits on a
// Signal, and whoever changes that something notifies it.
//
// Asio's own ways to wait and to start a coroutine are templates that cost a compiler a second and more in
// every file that uses one. Those that many files need are therefore functions here, compiled once.
#pragma once

#include <utility> // asio 1.74 uses std::exchange without including it

#include <chrono>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <type_traits>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "host/base/workers.h"

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

    void notify();
    /// Returns when notified or at `deadline`, whichever comes first.
    asio::awaitable<void> waitUntil(Clock::time_point deadline);

private:
    asio::io_context& io_;
    std::list<asio::steady_timer*> waiters_;
};

/// Returns when `timer` expires or somebody cancels it: true when it expired.
asio::awaitable<bool> expiry(asio::steady_timer& timer);

/// Starts a coroutine on the io_context; may be called from any thread. `then` is called there when it has
/// ended, with the exception that ended it or null; without `then` such an exception is dropped.
void spawn(asio::io_context& io, std::function<asio::awaitable<void>()> coroutine,
           std::function<void(std::exception_ptr)> then = {});

/// Runs work that blocks, and must not throw, on a thread of the pool; returns on the io_context.
asio::awaitable<void> runOn(Workers& pool, std::function<void()> work);

/// The result of a function that runs on another thread, or its exception.
template <class Result>
class ResultOf {
public:
    /// Calls the function; on the other thread.
    template <class Function>
    void take(Function& function) noexcept
    {
        try {
            if constexpr (std::is_void_v<Result>)
                function();
            else
                result_.emplace(function());
        } catch (...) {
            error_ = std::current_exception();
        }
    }
    /// Gives what came of it, once; afterwards.
    Result get()
    {
        if (error_)
            std::rethrow_exception(error_);
        if constexpr (!std::is_void_v<Result>)
            return std::move(*result_);
    }

private:
    std::optional<std::conditional_t<std::is_void_v<Result>, std::monostate, Result>> result_;
    std::exception_ptr error_;
};

/// Runs a function that blocks on the pool and comes back to the io_context with its result or exception.
template <class Function>
asio::awaitable<std::invoke_result_t<Function>> onPool(Workers& pool, Function function)
{
    using Result = std::invoke_result_t<Function>;
    const auto result = std::make_shared<ResultOf<Result>>();
    const auto owned = std::make_shared<Function>(std::move(function));
    const std::function<void()> work = [result, owned] { result->take(*owned); };
    co_await runOn(pool, work);
    co_return result->get();
}

} // namespace teehost
