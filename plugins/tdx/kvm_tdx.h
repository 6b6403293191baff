// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tdx/host_facts.h"

namespace teehost::tdx {

/// Makes a VM of the type TDX, asks it, and lets it go again. No key id is taken for that.
[[nodiscard]] Asked<TdxCapabilities> askTdxCapabilities(const std::string& device);

} // namespace teehost::tdx
