// SPDX-License-Identifier: Apache-2.0
//
// Evidence that a verdict relies on and another plugin has to accept: the claims "evidence.KIND" of plugin.h,
// section 5.
#pragma once

#include <vector>

#include "host/plugin/evidence.h"
#include "host/plugin/plugin.h"

namespace teehost::plugin {

struct ReliedEvidence {
    std::vector<Blob> evidence;
    std::vector<Blob> collateral; ///< certificates that came along, of the kind "x509.offered"
};

/// Empty when the verdict stands for itself.
[[nodiscard]] ReliedEvidence reliedOn(const VerifyResult& result);

/// Judges `request`, which has the certificates that came along in its collateral, by `plugin`. They were
/// chosen by who made the evidence and are only a help: when the plugin refuses the request, it judges again
/// without them, since rubbish among them must not keep the evidence from being judged. Throws what
/// Plugin::verify does.
[[nodiscard]] VerifyResult verifyRelied(const Plugin& plugin, const CallContext& context,
                                        VerifyRequest request);

} // namespace teehost::plugin
