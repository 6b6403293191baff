// SPDX-License-Identifier: Apache-2.0
//
// Readers of small texts that people and clients write: durations, sizes, numbers, ids. Each accepts one
// documented form and throws InvalidArgument, without a field name, for everything else.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace teehost {

enum class DurationUnits {
    Go,       ///< ns us µs ms s m h, as Go's time.ParseDuration
    WithDays, ///< the same and d (24 h)
};

/// "90s", "1h30m", "1.5h", "250ms", "0". Not negative; throws when it does not fit 64 bits of nanoseconds.
[[nodiscard]] std::chrono::nanoseconds parseDuration(std::string_view text, DurationUnits units);

/// The shortest form parseDuration reads back: "1h30m0s" is written "1h30m".
[[nodiscard]] std::string formatDuration(std::chrono::nanoseconds duration);

/// "0", "512", "2048M", "25G", "1T": powers of 1024; suffixes K M G T with or without "iB", any case.
[[nodiscard]] std::uint64_t parseSize(std::string_view text);

/// The largest unit that divides: "2G", "1536M", "1000".
[[nodiscard]] std::string formatSize(std::uint64_t bytes);

/// Decimal digits only, no sign, no blanks.
[[nodiscard]] std::uint64_t parseUnsigned(std::string_view text);

[[nodiscard]] std::string toHex(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::vector<std::uint8_t> parseHex(std::string_view text);

[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
/// ASCII letters only, whatever the locale.
[[nodiscard]] std::string lowerCase(std::string_view text);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

/// Levenshtein distance, for "did you mean".
[[nodiscard]] std::size_t editDistance(std::string_view a, std::string_view b);

/// The candidate nearest to `text`, or empty when none is near enough to be meant.
[[nodiscard]] std::string nearest(std::string_view text, std::span<const std::string> candidates);

/// Control characters, DEL and bytes that are not UTF-8 become \xNN, so that the text can be shown on a
/// terminal.
[[nodiscard]] std::string printable(std::string_view text);

/// `text` as one word of a POSIX shell command line.
[[nodiscard]] std::string shellQuoted(std::string_view text);

/// The well-formed UTF-8 sequence at the start of `text`, in bytes; 0 when there is none (RFC 3629, section
/// 4).
[[nodiscard]] std::size_t utf8SequenceLength(std::string_view text) noexcept;
[[nodiscard]] bool isUtf8(std::string_view text) noexcept;

} // namespace teehost
