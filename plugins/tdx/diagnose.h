// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <teehost/plugin.hpp>

namespace teehost::tdx {

/// Causes and remedies for what QEMU, KVM and the TDX module say when a TD does not start.
void diagnoseLaunch(const sdk::Failure& failure, sdk::Findings out);

} // namespace teehost::tdx
