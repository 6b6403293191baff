// SPDX-License-Identifier: Apache-2.0
//
// Wakes the daemon at an instant of the wall clock, also when somebody sets that clock meanwhile.
#pragma once

#include "host/base/async.h"

#include <functional>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace teehost::vm {

/// The time TTLs are counted in.
[[nodiscard]] std::chrono::system_clock::time_point wallNow();

/// One timerfd (timerfd_create(2): TFD_TIMER_CANCEL_ON_SET). io_context thread only.
class WallAlarm {
public:
    /// `look` is called when the instant has come, and when the clock was set: it looks what is due and sets
    /// the alarm again. `clockSet` tells the two apart.
    WallAlarm(asio::io_context& io, std::function<void(bool clockSet)> look);

    void set(std::chrono::system_clock::time_point at);
    /// Only wakes when the clock is set.
    void clear();

private:
    void arm(std::int64_t seconds, long nanoseconds);
    void wait();

    std::function<void(bool)> look_;
    asio::posix::stream_descriptor timer_;
};

} // namespace teehost::vm
