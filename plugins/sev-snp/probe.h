// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "configuration.h"
#include "host_facts.h"

namespace teehost::sev_snp {

/// Reports every check of kSevSnpProbeChecks; SevSnp::probe on a host of your choice. `vm` is null when the
/// settings describe none.
void probeHost(const Configuration& configuration, const HostFacts& host, const sdk::Vm* vm, sdk::Checks out);

} // namespace teehost::sev_snp
