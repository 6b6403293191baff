// SPDX-License-Identifier: Apache-2.0
//
// Instants as certificates, CRLs and signed documents have them: whole seconds in UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace teehost::kit {

/// Seconds since the Unix epoch.
using UnixSeconds = std::int64_t;

/// Both ends included.
struct Validity {
    UnixSeconds from = 0;
    UnixSeconds to = 0;
    [[nodiscard]] bool covers(UnixSeconds at) const noexcept { return from <= at && at <= to; }
};

/// "2025-06-19T10:16:03Z" (RFC 3339, section 5.6)
[[nodiscard]] std::string timeText(UnixSeconds at);
/// Exactly what timeText writes, of the years 1970 to 9999.
[[nodiscard]] std::optional<UnixSeconds> timeFromText(std::string_view text);

} // namespace teehost::kit
