// SPDX-License-Identifier: Apache-2.0
//
// Plugins are other people's code: a call may never return. They have threads of their own, so that such a
// call costs one of these and nothing else, and whoever waits for it stops waiting.
#pragma once

#include "host/base/async.h"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "host/base/error.h"

namespace teehost::vm {

class PluginCalls {
public:
    explicit PluginCalls(asio::io_context& io) : io_(io) {}

    /// Runs `function`, which must own what it uses, on one of the threads; io_context thread only. Throws
    /// what it throws, DeadlineExceeded when it has not returned at `deadline`, and Cancelled when
    /// `abandoned` says so after somebody notified `changed`.
    template <class Function>
    asio::awaitable<std::invoke_result_t<Function>> run(Function function, Clock::time_point deadline,
                                                        std::shared_ptr<Signal> changed,
                                                        std::function<bool()> abandoned)
    {
        using Result = std::invoke_result_t<Function>;
        struct Call {
            bool done = false;
            std::shared_ptr<Result> result;
            std::exception_ptr error;
        };
        const auto call = std::make_shared<Call>();
        ++running_;
        asio::post(pool_, [this, call, changed, function = std::move(function)]() mutable {
            std::shared_ptr<Result> result;
            std::exception_ptr error;
            try {
                result = std::make_shared<Result>(function());
            } catch (...) {
                error = std::current_exception();
            }
            --running_;
            asio::post(io_, [call, changed, result, error] {
                call->result = result;
                call->error = error;
                call->done = true;
                changed->notify();
            });
        });
        while (!call->done && Clock::now() < deadline && !abandoned())
            co_await changed->waitUntil(deadline);
        if (call->error)
            std::rethrow_exception(call->error);
        if (call->result)
            co_return std::move(*call->result);
        if (Clock::now() < deadline)
            throw Error(Category::Cancelled, "nobody waits for the plugin any more");
        throw Error(Category::DeadlineExceeded, "a plugin did not answer in time",
                    "see teehostd's log for what it was asked last; restart the daemon if it happens again");
    }

    /// Whether no call is out, now or within `patience`. Any thread.
    [[nodiscard]] bool idleWithin(Clock::duration patience) const
    {
        const auto deadline = Clock::now() + patience;
        while (running_ > 0 && Clock::now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return running_ == 0;
    }

private:
    static constexpr std::size_t kThreads = 4;

    asio::io_context& io_;
    std::atomic<int> running_{0};
    asio::thread_pool pool_{kThreads}; ///< its destructor waits for every call
};

} // namespace teehost::vm
