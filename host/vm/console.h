// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace teehost::vm {

/// Up to `limit` bytes of a file from `offset`; empty when it ends before.
[[nodiscard]] std::string readFileAt(const std::filesystem::path& path, std::uint64_t offset,
                                     std::size_t limit);

[[nodiscard]] std::uint64_t fileSize(const std::filesystem::path& path) noexcept;

/// Copies the log to NAME.1 and empties it when it is larger than `limit`; QEMU appends, so it goes on at the
/// start. Returns how many bytes were moved away.
[[nodiscard]] std::uint64_t rotateLog(const std::filesystem::path& path, std::uint64_t limit);

/// The last `lines` lines that are not blank, each printable and at most 200 bytes, from before a rotation
/// too: for messages.
[[nodiscard]] std::string lastLines(const std::filesystem::path& path, std::size_t lines);

/// The line in which the kernel says that it panics, or else the last `lines` lines.
[[nodiscard]] std::string lastWords(const std::filesystem::path& path, std::size_t lines);

/// lastWords() as the end of a sentence: "; the console says:\n..." or "; its console is empty".
[[nodiscard]] std::string consoleSays(const std::filesystem::path& path, std::size_t lines);

/// The last `limit` bytes.
[[nodiscard]] std::string tail(const std::filesystem::path& path, std::size_t limit);

} // namespace teehost::vm
