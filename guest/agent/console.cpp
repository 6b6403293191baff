// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/console.h"

#include <cstdio>
#include <ctime>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "guest/agent/cvms/uplink.h"

namespace teehost::guest {

Console::Console(std::string_view device, const Uplink* uplink)
    : fd_(::open(("/dev/" + std::string(device)).c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC)), uplink_(uplink)
{
}

void Console::line(std::string_view text, LogLevel level) const
{
    if (uplink_ != nullptr)
        uplink_->log(level, text);
    if (!fd_ || level == LogLevel::Debug)
        return;
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    char stamp[32];
    std::snprintf(stamp, sizeof stamp, "[%5lld.%03ld] ", static_cast<long long>(now.tv_sec),
                  now.tv_nsec / 1'000'000);
    const std::string whole = std::string(stamp) + "teehost-agent: " + std::string(text) + "\n";
    // There is nobody left to tell that the console itself fails.
    [[maybe_unused]] const auto written = ::write(fd_.get(), whole.data(), whole.size());
}

void Console::setComputation(std::string id) const
{
    if (uplink_ != nullptr)
        uplink_->setComputation(std::move(id));
}

void Console::event(GuestEvent event) const
{
    if (uplink_ != nullptr)
        uplink_->event(event);
}

} // namespace teehost::guest
