// SPDX-License-Identifier: Apache-2.0
//
// Small files that the daemon keeps for itself, 0600. Blocking.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/durability.h"

namespace teehost {

/// The content; absent when there is no such file. Throws FailedPrecondition for a file that is not a regular
/// one of the daemon's user, that has more than `limit` bytes, or that cannot be read.
[[nodiscard]] std::optional<std::string> readOwnFile(const std::filesystem::path& path, std::size_t limit);

/// Puts a file with that content in the place of whatever has the name: written beside it, then renamed.
/// A crash leaves the old file or the new one, and so does a power cut when file and directory are synced.
/// Throws Unavailable; the old file is there then.
void replaceOwnFile(const std::filesystem::path& path, std::string_view content, Durability durability);

} // namespace teehost
