// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guest/agent/console.h"
#include "guest/agent/environment.h"

namespace teehost::guest {

/// Prints what the guest got as seen from inside, a line each:
///
///     selftest env NAME sha256=HEX
///     selftest cert NAME size=N mode=0600 sha256=HEX
///     selftest done variables=N certificates=N
///
/// Digests only, so that a test can compare without a key or token on the console. Not for production all the
/// same: a digest of a short secret can be searched.
void printSelftest(const Console& console, const Environment& environment);

} // namespace teehost::guest
