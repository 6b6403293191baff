// SPDX-License-Identifier: Apache-2.0
//
// How tests wait: for a condition, with a deadline, never for a time.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace teehost::test {

/// Generous: a shared machine that emulates guests may be ten times slower than usual.
inline constexpr std::chrono::seconds kPatience{120};

/// Returns as soon as `condition()` holds; throws with `what` when it does not within `limit`.
template <class Condition>
void waitUntil(const std::string& what, Condition condition, std::chrono::nanoseconds limit = kPatience)
{
    constexpr std::chrono::milliseconds kPause{20};
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline)
            throw std::runtime_error("waited in vain until " + what);
        std::this_thread::sleep_for(kPause);
    }
}

} // namespace teehost::test
