// SPDX-License-Identifier: Apache-2.0
//
// Zip files: the result that a client gets, and datasets that a client wants unpacked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace teehost::guest {

constexpr std::size_t kMaxZipEntries = 10'000;

struct ZipReport {
    std::size_t files = 0;
    std::size_t left_out = 0; ///< neither regular files nor directories, or of names that are no file names
};

struct ZipLimits {
    std::uint64_t packed = 0;   ///< of the zip file
    std::uint64_t unpacked = 0; ///< of all files together, as they tell their sizes: files may have holes
};

/// Writes the regular files below `directory` into the file `into`, in the order of their names and without
/// times, so that the same files give the same bytes. Follows no link. Throws Refusal past `limits`, for more
/// than kMaxZipEntries of whatever kind and for directories in more than kMaxPathParts levels, and soon after
/// `givenUp`, which is asked again and again, is true.
ZipReport zipDirectory(int directory, int into, const ZipLimits& limits,
                       const std::function<bool()>& givenUp);

/// Unpacks a zip file from anybody below `directory`, in which nobody else writes. Throws Refusal, with a
/// part of it unpacked, for entries that are neither files nor directories, names that lead elsewhere, names
/// that are there already, encryption, damage, and past kMaxZipEntries or `limit` bytes in all.
void unzipInto(int zip, int directory, std::uint64_t limit);

} // namespace teehost::guest
