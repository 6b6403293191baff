// SPDX-License-Identifier: Apache-2.0
//
// Shared objects of this installation that a program loads only when it needs them: each brings others, whose
// loading takes longer than most of what a program is asked for.
#pragma once

#include <cstddef>
#include <string>

#include "host/base/unique_fd.h"

namespace teehost {

/// The beginning of what the one function of such a library returns.
struct OwnLibraryEntry {
    const char* version; ///< of its build; both sides compare it before they read more
    std::size_t bytes;   ///< of the whole structure that this begins
};

class OwnLibrary {
public:
    /// The library is lib/teehost/`file`, seen from the directory above the program's.
    explicit OwnLibrary(const char* file) : file_(file) {}

    /// Opens its file, so that load() takes this one although an upgrade replaces it meanwhile. Throws
    /// FailedPrecondition. Before any thread may call load().
    void hold();
    /// Loads it, for good, and calls its function `symbol`. Throws FailedPrecondition when it is not there,
    /// or of another build than the program.
    [[nodiscard]] const OwnLibraryEntry* load(const char* symbol, const OwnLibraryEntry& expected) const;

private:
    [[nodiscard]] std::string path() const;

    const char* file_;
    UniqueFd held_;
};

} // namespace teehost
