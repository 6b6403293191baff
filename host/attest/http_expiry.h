// SPDX-License-Identifier: Apache-2.0
//
// How long an HTTP response stays fresh, by its own headers (RFC 9111). Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace teehost::attest {

using Headers = std::vector<std::pair<std::string, std::string>>; ///< names in lower case

/// The first header of that name; empty when there is none.
[[nodiscard]] std::string_view headerNamed(const Headers& headers, std::string_view name);

/// Whether the origin forbids to keep the response (section 5.2.2.5).
[[nodiscard]] bool forbidsStoring(const Headers& headers);

/// When a response that was fetched at `fetchedNs` (nanoseconds since the Unix epoch) stops being fresh:
/// Cache-Control before Expires (section 5.3). Without either, an hour: a heuristic as section 4.2.2 permits.
[[nodiscard]] std::int64_t freshUntil(const Headers& headers, std::int64_t fetchedNs);

/// Retry-After (RFC 9110, section 10.2.3) in seconds or as a date; nothing when it is absent or unreadable.
[[nodiscard]] std::optional<std::chrono::seconds> retryAfter(const Headers& headers, std::int64_t nowNs);

} // namespace teehost::attest
