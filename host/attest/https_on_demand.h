// SPDX-License-Identifier: Apache-2.0
//
// The client of https.h in a library of its own: libcurl brings forty shared objects, which a program loads
// when it fetches for the first time.
#pragma once

#include <array>
#include <cstddef>

#include "host/attest/https.h"
#include "host/base/error.h"
#include "host/base/own_library.h"

namespace teehost::attest {

/// Sizes of the C++ types that program and library share: they differ when one of the two was built with
/// another standard library, or with checks that the other has not.
using HttpsLayout = std::array<std::size_t, 6>;
inline constexpr HttpsLayout kHttpsLayout{sizeof(HttpsClient),         sizeof(HttpsUrl),
                                          sizeof(HttpsRequest),        sizeof(HttpsResponse),
                                          sizeof(Headers::value_type), sizeof(Error)};

/// The one symbol of the library is a function that returns this.
struct HttpsEntry {
    OwnLibraryEntry own;
    HttpsLayout layout; ///< compared before `https` is read
    const HttpsClient* https;
};
inline constexpr const char* kHttpsSymbol = "teehost_https";

/// Loads the library, lib/teehost/teehost-https.so, for the first URL that is parsed or fetched; throws
/// FailedPrecondition when it is not there, or of another build.
extern const HttpsClient kHttpsOnDemand;

/// Opens the library's file for a program that runs long: it loads that one although an upgrade replaces it
/// meanwhile. Throws FailedPrecondition. Before any thread that fetches.
void holdHttpsLibrary();

} // namespace teehost::attest
