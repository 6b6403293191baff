// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <teehost/plugin.hpp>

namespace teehost::sev_snp {

/// Causes and remedies for what QEMU said when a VM did not start.
void diagnoseLaunch(const sdk::Failure& failure, sdk::Findings out);

} // namespace teehost::sev_snp
