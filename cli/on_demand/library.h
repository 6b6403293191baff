// SPDX-License-Identifier: Apache-2.0
//
// The library behind the commands that talk to a daemon, and behind what fetches collateral. gRPC and libcurl
// bring a hundred shared objects, whose loading takes longer than verifying evidence: they are loaded when
// one of these is used, and never by a command that works offline.
#pragma once

#include <array>
#include <cstddef>

#include "host/attest/https.h"

namespace teehost::cli {

/// Sizes of the C++ types that program and library share: they differ when one of the two was built with
/// another standard library, or with checks that the other has not.
using OnDemandLayout = std::array<std::size_t, 5>;
inline constexpr OnDemandLayout kOnDemandLayout{sizeof(attest::HttpsClient), sizeof(attest::HttpsUrl),
                                                sizeof(attest::HttpsRequest), sizeof(attest::HttpsResponse),
                                                sizeof(attest::Headers::value_type)};

/// The one symbol of the library is a function that returns this. Its members are compared in their order,
/// and none is read after one that differs.
struct OnDemandEntry {
    /// TEEHOST_ON_DEMAND_VERSION of its build: the version, and a digest of the headers that both sides
    /// share.
    const char* version;
    std::size_t bytes; ///< sizeof(OnDemandEntry)
    OnDemandLayout layout;
    /// The whole program, every command included.
    int (*run)(int argc, const char* const* argv) noexcept;
    const attest::HttpsClient* https;
};

using OnDemandFunction = const OnDemandEntry* (*)();
inline constexpr const char* kOnDemandSymbol = "teehost_on_demand";

/// Loads the library at the first call: ../lib/teehost/teehost-on-demand.so, seen from the program. Throws
/// Failure when it is not there, or of another build.
[[nodiscard]] const OnDemandEntry& onDemand();

/// Loads the library for the first URL it is given.
extern const attest::HttpsClient kHttpsOnDemand;

} // namespace teehost::cli
