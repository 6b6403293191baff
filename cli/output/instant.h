// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace teehost::cli {

/// RFC 3339 in UTC with milliseconds: "2026-01-31T12:00:00.123Z".
[[nodiscard]] std::string formatInstant(std::chrono::nanoseconds sinceEpoch);

} // namespace teehost::cli
