// SPDX-License-Identifier: Apache-2.0
//
// The decisions of a start about the host before it makes anything: whether KVM works, which plugins can run
// here, and which backend and attesters VMs get. --check-config goes the same way, so that it refuses what a
// start refuses.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/attest/fetcher.h"
#include "host/base/log.h"
#include "host/doctor/kvm_probe.h"
#include "host/vm/backend_choice.h"

namespace teehost {

struct Preflight {
    std::shared_ptr<attest::Fetcher> fetcher; ///< also the plugins', whose instances live longer
    doctor::KvmProbeResult kvm;
    vm::ProbeResults probes;
    std::string backend;
    std::string accel; ///< of the backend's VMs
    std::vector<std::string> attesters;
};

/// Makes the plugins' instances. Refuses when no backend, or not the one that was asked for, can be used, and
/// when KVM is required and does not work. `settings` and `log` must outlive the plugins.
[[nodiscard]] Preflight preflight(const settings::Settings& settings,
                                  const settings::Environment& environment, const plugin::Loaded& plugins,
                                  const Log& log, settings::Findings& findings);

} // namespace teehost
