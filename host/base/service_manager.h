// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace teehost {

/// Tells the service manager that started this process: "READY=1", "STOPPING=1", "WATCHDOG=1"
/// (sd_notify(3)). Does nothing when there is none. Any thread.
void notifyServiceManager(const std::string& state) noexcept;

/// How often it wants "WATCHDOG=1" at least; absent when it does not watch this process
/// (sd_watchdog_enabled(3)).
[[nodiscard]] std::optional<std::chrono::microseconds> watchdogInterval();

} // namespace teehost
