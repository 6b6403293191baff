// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace teehost::guest {

struct ModuleReport {
    std::size_t loaded = 0;
    std::vector<std::string>
        absentDevice;                ///< modules with nothing to drive here, as sev-guest outside SEV-SNP
    std::vector<std::string> failed; ///< "NAME: reason"
};

/// Loads the modules that the list file names, one file name a line, from the list's own folder. guest/build
/// wrote the list in dependency order. Throws std::system_error when there is no list.
[[nodiscard]] ModuleReport loadModules(const std::string& list);

} // namespace teehost::guest
