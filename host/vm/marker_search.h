// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace teehost::vm {

/// Looks for a text in a console that grows, a piece at a time: each byte is read once. Blocks; one thread at
/// a time.
class MarkerSearch {
public:
    /// Begins at `start` bytes of the log. An empty marker is never found.
    MarkerSearch(std::filesystem::path log, std::string marker, std::uint64_t start);

    /// Reads on, at most 1 MiB; true once the marker was seen.
    bool look();

private:
    std::filesystem::path log_;
    std::string marker_;
    std::uint64_t offset_;
    std::string carried_; ///< the end of what was read, shorter than the marker
    bool found_ = false;
};

} // namespace teehost::vm
