// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace teehost::check {

/// What the dynamic linker will see of a shared object.
struct ElfDynamic {
    std::vector<std::string> exported; ///< defined symbols of .dynsym that others can bind to
    std::vector<std::string> needed;
    std::string runPath; ///< RPATH or RUNPATH; empty if none
    bool textRelocations = false;
    bool bindNow = false;
};

/// Reads a 64-bit little-endian ELF file. Every offset is checked; throws Error for what is not such a file.
[[nodiscard]] ElfDynamic readElfDynamic(const std::string& path);

} // namespace teehost::check
