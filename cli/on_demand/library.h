// SPDX-License-Identifier: Apache-2.0
//
// The library behind the commands that talk to a daemon, and behind what fetches collateral. gRPC and libcurl
// bring a hundred shared objects, whose loading takes longer than verifying evidence: they are loaded when
// one of these is used, and never by a command that works offline.
#pragma once

#include "host/attest/https.h"

namespace teehost::cli {

/// The one symbol of the library is a function that returns this.
struct OnDemandEntry {
    /// TEEHOST_VERSION of its build. Program and library share C++ types, so that each takes only its own.
    const char* version;
    /// The whole program, every command included.
    int (*run)(int argc, const char* const* argv) noexcept;
    const attest::HttpsClient* https;
};

using OnDemandFunction = const OnDemandEntry* (*)();
inline constexpr const char* kOnDemandSymbol = "teehost_on_demand";

/// Loads the library at the first call: ../lib/teehost/teehost-on-demand.so, seen from the program. Throws
/// Failure when it is not there, or of another version.
[[nodiscard]] const OnDemandEntry& onDemand();

/// Loads the library for the first URL it is given.
extern const attest::HttpsClient kHttpsOnDemand;

} // namespace teehost::cli
