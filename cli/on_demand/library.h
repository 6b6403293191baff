// SPDX-License-Identifier: Apache-2.0
//
// The library behind the commands that talk to a daemon. gRPC brings sixty shared objects, whose loading
// takes longer than verifying evidence: they are loaded when one of these commands is used, and never by one
// that works offline.
#pragma once

#include "host/base/own_library.h"

namespace teehost::cli {

/// The one symbol of the library is a function that returns this.
struct OnDemandEntry {
    OwnLibraryEntry own;
    /// The whole program, every command included.
    int (*run)(int argc, const char* const* argv) noexcept;
};

inline constexpr const char* kOnDemandSymbol = "teehost_on_demand";

/// Loads the library, lib/teehost/teehost-on-demand.so. Throws Failure when it is not there, or of another
/// version.
[[nodiscard]] const OnDemandEntry& onDemand();

} // namespace teehost::cli
