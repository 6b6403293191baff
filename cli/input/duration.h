// SPDX-License-Identifier: Apache-2.0
//
// Durations as Go writes them ("1h30m", "250ms", "1.5h"), which is what Cocos' clients and the daemon's
// settings use.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace teehost::cli {

/// Reads a positive duration: numbers, each with its unit ns, us, ms, s, m or h. Throws UsageFailure for
/// anything else, zero and negative durations included, and for what does not fit into 64 bits of nanoseconds
/// (about 292 years).
[[nodiscard]] std::chrono::nanoseconds parseDuration(std::string_view text);

/// "0.42s", "12.3s", "2m05s", "1h02m", "3d04h": three digits that matter.
[[nodiscard]] std::string formatDuration(std::chrono::nanoseconds duration);

} // namespace teehost::cli
