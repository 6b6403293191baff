// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tdx/configuration.h"
#include "tdx/host_facts.h"

namespace teehost::tdx {

/// What makes a VM a TD. Throws sdk::Error for what cannot be launched (launchable.h).
void composeLaunch(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm,
                   sdk::Fragment out);

} // namespace teehost::tdx
