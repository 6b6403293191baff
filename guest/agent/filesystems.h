// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace teehost::guest {

constexpr const char* kCertificatesDirectory = "/etc/certs";
constexpr const char* kEnvironmentDirectory = "/env";

/// /dev, /proc and /sys. Throws std::system_error.
void mountKernelFilesystems();

/// configfs, below which the kernel offers TSM reports (Documentation/ABI/testing/configfs-tsm). Throws
/// std::system_error.
void mountConfigfs();
/// Mounts the file system in which the kernel shows the logs of what it and the firmware measured.
void mountSecurityfs();

/// Control groups (version 2), which limit what an algorithm takes.
void mountControlGroups();

/// Mounts the 9P share with this tag read-only. Throws std::system_error.
void mountShare(const char* tag, const char* directory);

/// The first `limit` bytes of a file. Throws std::system_error.
[[nodiscard]] std::string readFile(const std::string& path, std::size_t limit);
/// The same of what the kernel itself shows, where links are its own.
[[nodiscard]] std::string readKernelFile(const std::string& path, std::size_t limit);

} // namespace teehost::guest
