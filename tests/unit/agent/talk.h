// SPDX-License-Identifier: Apache-2.0
//
// The daemon's side of a conversation: an io_context that runs until an answer is there.
#pragma once

#include "host/agent/agent_client.h"

#include <chrono>
#include <exception>
#include <optional>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <cppunit/TestAssert.h>

namespace teehost::agent::test {

inline constexpr auto kEnough = std::chrono::seconds(20);

class Talk {
public:
    [[nodiscard]] AgentSession session(const std::string& address, Clock::duration limit = kEnough)
    {
        return {calls_, address, Clock::now() + limit};
    }

    /// What comes of it; throws what it throws.
    template <class Result>
    Result wait(asio::awaitable<Result> asked)
    {
        std::exception_ptr failure;
        std::optional<Result> result;
        asio::co_spawn(io_, std::move(asked), [&](std::exception_ptr thrown, Result its) {
            failure = thrown;
            result = std::move(its);
        });
        io_.restart();
        io_.run_for(2 * kEnough);
        CPPUNIT_ASSERT_MESSAGE("the call does not end", result.has_value());
        if (failure)
            std::rethrow_exception(failure);
        return *result;
    }

private:
    asio::io_context io_;
    AgentCalls calls_{io_};
};

} // namespace teehost::agent::test
