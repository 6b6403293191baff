// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tdx/configuration.h"
#include "tdx/host_facts.h"

namespace teehost::tdx {

/// Makes every check of kTdxProbeChecks. `vm` is the one that the settings describe; null: none.
void probeHost(const Configuration& configuration, const HostFacts& host, const sdk::Vm* vm, sdk::Checks out);

} // namespace teehost::tdx
