// SPDX-License-Identifier: Apache-2.0
//
// Labels of a VM as they are typed: `--label team=blue --label tier=test`.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace teehost::cli {

/// Throws UsageFailure for a label without a key or "=", and for a key that is given twice.
[[nodiscard]] std::map<std::string, std::string> parseLabels(const std::vector<std::string>& labels);

} // namespace teehost::cli
