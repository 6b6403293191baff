// SPDX-License-Identifier: Apache-2.0
//
// Evidence that a verdict relies on and another plugin has to accept: the claims "evidence.KIND" of plugin.h,
// section 5.
#pragma once

#include <vector>

#include "host/plugin/evidence.h"

namespace teehost::plugin {

struct ReliedEvidence {
    std::vector<Blob> evidence;
    std::vector<Blob> collateral; ///< certificates that came along
};

/// Empty when the verdict stands for itself.
[[nodiscard]] ReliedEvidence reliedOn(const VerifyResult& result);

} // namespace teehost::plugin
