// SPDX-License-Identifier: Apache-2.0
//
// What `teehost verify` says: what was verified, against what, as of when, check by check, and the one line
// that it comes down to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/attest/arguments.h"
#include "cli/output/json.h"
#include "host/plugin/evidence.h"
#include "host/plugin/plugin.h"

namespace teehost::cli {

/// Rejected: a check says that the evidence does not show what it has to. Undecided: none says so, and it is
/// not accepted either.
enum class Conclusion { Accepted, Rejected, Undecided };

struct Appraisal {
    plugin::PluginInfo plugin;
    std::vector<NamedBlob> evidence, collateral, anchors;
    std::optional<NamedBlob> reference, policy;
    plugin::VerifyRequest request;
    plugin::VerifyResult result;
    std::vector<Appraisal> reliedOn; ///< of evidence that this one stands on; none, or one
};

/// The worse of its own and what it relies on.
[[nodiscard]] Conclusion conclude(const Appraisal& appraisal);

/// "PASS  what was looked at" lines, and what was expected and seen where they differ.
[[nodiscard]] std::string checksText(const plugin::VerifyResult& result);
[[nodiscard]] Json checksJson(const plugin::VerifyResult& result);

[[nodiscard]] Json reportJson(const Appraisal& appraisal);
[[nodiscard]] std::string reportText(const Appraisal& appraisal);

} // namespace teehost::cli
