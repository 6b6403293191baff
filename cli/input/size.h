// SPDX-License-Identifier: Apache-2.0
//
// Amounts of memory as the daemon's settings write them: 512M, 2G, powers of 1024.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace teehost::cli {

/// Reads a positive whole number with its unit B, K, M, G or T (in either case; "Mi" and "MiB" mean M).
/// Throws UsageFailure for anything else. A number without a unit is refused: QEMU would read MiB, the daemon
/// bytes.
[[nodiscard]] std::uint64_t parseSize(std::string_view text);

/// The shortest exact form that parseSize reads: "2G", "1536M", "1000B".
[[nodiscard]] std::string formatSize(std::uint64_t bytes);

} // namespace teehost::cli
