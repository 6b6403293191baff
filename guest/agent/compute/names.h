// SPDX-License-Identifier: Apache-2.0
//
// Names of files that come from clients, and from the algorithm.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace teehost::guest {

constexpr std::size_t kMaxNameBytesOfFile = 255; // NAME_MAX
constexpr std::size_t kMaxPathParts = 16;

/// Whether `name` is the name of a file in a directory, and of no other: neither "." nor "..", without slash,
/// backslash and control characters.
[[nodiscard]] bool isFileName(std::string_view name) noexcept;

/// The parts of a relative path, each a file name; a slash at the end is passed over. Returns nullopt for any
/// other text, and for more than kMaxPathParts.
[[nodiscard]] std::optional<std::vector<std::string>> pathParts(std::string_view path);

} // namespace teehost::guest
