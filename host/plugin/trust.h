// SPDX-License-Identifier: Apache-2.0
//
// Whether a file may be loaded into the daemon. Constructors of a library run inside dlopen, so the question
// is asked before, and what was looked at is what gets loaded: the open descriptor, not the name.
#pragma once

#include <string>

namespace teehost::plugin {

struct TrustPolicy {
    /// Accept what belongs to the daemon's own user besides what belongs to root: for development trees. Then
    /// a sticky directory of root's such as /tmp may be on the path too, since nobody else can replace our
    /// entries in it.
    bool allowOwn = false;
};

} // namespace teehost::plugin
