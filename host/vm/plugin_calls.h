// SPDX-License-Identifier: Apache-2.0
//
// Plugins are other people's code: a call may never return. They have threads of their own, so that such a
// call costs one of these and nothing else, and whoever waits for it stops waiting.
#pragma once

#include "host/base/async.h"

#include <atomic>
#include <functional>
#include <memory>

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
        const auto result = std::make_shared<ResultOf<Result>>();
        const auto owned = std::make_shared<Function>(std::move(function));
        const std::function<void()> work = [result, owned] { result->take(*owned); };
        co_await await(work, deadline, changed, abandoned);
        co_return result->get();
    }

    /// Whether no call is out, now or within `patience`. Any thread.
    [[nodiscard]] bool idleWithin(Clock::duration patience) const;

private:
    static constexpr std::size_t kMaxThreads = 4;

    /// Returns when `work` has; throws when nobody waits for it any longer.
    asio::awaitable<void> await(std::function<void()> work, Clock::time_point deadline,
                                std::shared_ptr<Signal> changed, std::function<bool()> abandoned);

    asio::io_context& io_;
    std::atomic<int> running_{0};
    Workers pool_{kMaxThreads}; ///< its destructor waits for every call
};

} // namespace teehost::vm
