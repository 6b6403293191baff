// SPDX-License-Identifier: Apache-2.0
//
// The decisions of a start about the host: whether KVM works, which plugins can run here, and which backend
// and attesters VMs get. --check-config goes the same way, so that it refuses what a start refuses.
#pragma once

#include "host/base/log.h"
#include "host/base/pending.h"
#include "host/plugin/loader.h"
#include "host/settings/settings.h"
#include "host/vm/decisions.h"

namespace teehost {

/// Makes the plugins' instances, before anything may call one. The results have failures only. `settings` and
/// `log` must outlive the plugins.
[[nodiscard]] vm::ProbeResults preparePlugins(const settings::Settings& settings,
                                              const plugin::Loaded& plugins, const Log& log);

/// Whether the settings ask for something that this host may not have. Such a daemon decides before it serves
/// or takes up a VM, so that it can refuse to start; another decides while it serves.
[[nodiscard]] bool insists(const settings::Settings& settings, const settings::Environment& environment,
                           const plugin::Loaded& plugins);

/// Asks the host, for as long as a few programs and the KVM probe take, beside each other. Refuses when no
/// backend, or not the one that was asked for, can be used, and when KVM is required and does not work.
[[nodiscard]] vm::Decisions preflight(const settings::Settings& settings,
                                      const settings::Environment& environment, const plugin::Loaded& plugins,
                                      const vm::ProbeResults& created, Pending& pending, const Log& log,
                                      settings::Findings& findings);

} // namespace teehost
