// SPDX-License-Identifier: Apache-2.0
#include "host/vm/wall_alarm.h"

#include <algorithm>
#include <limits>

#include <sys/timerfd.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/fault_point.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;
using Wall = std::chrono::system_clock;

constexpr auto kFaultClockPoll = 100ms; // a clock of the tests does not tell when it is set
constexpr std::int64_t kFarFuture = std::numeric_limits<std::int32_t>::max();

int openTimer()
{
    const int fd = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        throw systemError(Category::ResourceExhausted, "cannot make a timer", errno,
                          "raise the daemon's limit on open files");
    return fd;
}

bool clockIsFaked()
{
#ifdef TEEHOST_FAULTS
    return std::getenv("TEEHOST_FAULT_CLOCK") != nullptr;
#else
    return false;
#endif
}

} // namespace

Wall::time_point wallNow() { return Wall::now() + faultClockOffset(); }

WallAlarm::WallAlarm(asio::io_context& io, std::function<void(bool)> look)
    : look_(std::move(look)), timer_(io, openTimer())
{
    clear();
    wait();
}

void WallAlarm::set(Wall::time_point at)
{
    at -= faultClockOffset();
    if (clockIsFaked())
        at = std::min(at, Wall::now() + kFaultClockPoll);
    const auto ns = std::max<std::int64_t>(
        1, std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count());
    arm(ns / 1'000'000'000, static_cast<long>(ns % 1'000'000'000));
}

void WallAlarm::clear() { arm(kFarFuture, 0); }

void WallAlarm::arm(std::int64_t seconds, long nanoseconds)
{
    itimerspec when{};
    when.it_value.tv_sec = seconds;
    when.it_value.tv_nsec = nanoseconds;
    ::timerfd_settime(timer_.native_handle(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr);
}

void WallAlarm::wait()
{
    timer_.async_wait(
        asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& cancelled) {
            if (cancelled)
                return;
            std::uint64_t expirations = 0;
            const bool clockSet =
                ::read(timer_.native_handle(), &expirations, sizeof expirations) < 0 && errno == ECANCELED;
            clear();
            look_(clockSet);
            wait();
        });
}

} // namespace teehost::vm
