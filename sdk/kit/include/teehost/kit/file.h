// SPDX-License-Identifier: Apache-2.0
//
// Input files: bounded, regular, and read once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "teehost/kit/bytes.h"
#include "teehost/kit/digest.h"

namespace teehost::kit {

/// The whole file. Throws std::system_error with `what` and the path in the message when it cannot be read,
/// and std::runtime_error when it is not a regular file or longer than `max_bytes`.
[[nodiscard]] Bytes readFile(std::string_view path, std::string_view what, std::uint64_t max_bytes);

/// SHA-256 of a file of any length, read in pieces. Throws as readFile does.
[[nodiscard]] Sha256Digest sha256OfFile(std::string_view path, std::string_view what);

/// Digests of a file of any length, in the order of `algorithms`, with one reading. Throws as readFile does.
struct FileDigests {
    std::uint64_t size = 0; ///< bytes that were hashed
    std::vector<AnyDigest> digests;
};
[[nodiscard]] FileDigests hashFile(std::string_view path, std::string_view what,
                                   std::span<const HashAlgorithm> algorithms);

} // namespace teehost::kit
