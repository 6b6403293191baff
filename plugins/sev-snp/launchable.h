// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "predict.h"

namespace teehost::sev_snp {

/// What QEMU or the SEV firmware would end with, seconds later and in words of their own, or what would
/// launch and prove less than it seems to. Throws sdk::Error with the reason and the option to change.
void expectLaunchable(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm,
                      const LaunchPrediction& prediction);

} // namespace teehost::sev_snp
