// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <cstdint>

#include "launch/page_chain.h"

namespace teehost::sev_snp {

/// A stretch of pages that went into the launch digest, and what the digest was after them.
struct LaunchEvent {
    std::string what; ///< "firmware", "kernel hashes", "vmsa[1-3]"
    PageType type = PageType::Normal;
    std::uint64_t gpa = 0; ///< of the first page; all VMSAs have the same
    std::uint64_t pages = 1;
    LaunchDigest after{};
};

/// Where the digest came from, in the order it was hashed.
using Provenance = std::vector<LaunchEvent>;

} // namespace teehost::sev_snp
