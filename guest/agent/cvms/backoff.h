// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

namespace teehost::guest {

/// How long to wait before dialing again: twice as long each time, from a second to a minute, of which the
/// second half is left to chance, since a service that restarts has many VMs dialing it at once.
class Backoff {
public:
    static constexpr std::chrono::milliseconds kFirst{1000};
    static constexpr std::chrono::milliseconds kLongest{60'000};
    /// A connection that lasted this long was a good one: the next wait is a first one. A shorter one was
    /// not, or a server that hangs up at once would be dialed every second.
    static constexpr std::chrono::milliseconds kGoodConnection{30'000};

    /// `chance` gives numbers in [0, 1).
    explicit Backoff(std::function<double()> chance);

    /// After a connection that lasted so long; 0 for none.
    [[nodiscard]] std::chrono::milliseconds next(std::chrono::milliseconds lasted);

private:
    std::function<double()> chance_;
    std::chrono::milliseconds wait_ = kFirst;
};

/// Numbers for a Backoff, different in every guest and every process.
[[nodiscard]] std::function<double()> randomNumbers();

} // namespace teehost::guest
