// SPDX-License-Identifier: Apache-2.0
//
// The choice of plugins for the VMs of this host.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/base/log.h"
#include "host/base/pending.h"
#include "host/doctor/kvm_probe.h"
#include "host/plugin/loader.h"
#include "host/settings/settings.h"
#include "host/vm/decisions.h"

namespace teehost::vm {

/// The ids of the loaded backends, as a hint for people.
[[nodiscard]] std::string knownBackends(const plugin::Loaded& loaded);

/// What the environment's switches MANAGER_QEMU_ENABLE_… say of a plugin's `select_env`.
struct Switches {
    std::optional<std::string> wanted; ///< id of the backend that is switched on
};

/// Refuses when two are on, or one is on that no loaded plugin answers to: a host that was told to run
/// confidential VMs must not quietly run others. One that is off is a warning and no more: the Cocos Manager
/// ships a file with all of them off and reads none of them, and a host that moves over must not lose its
/// TEE.
[[nodiscard]] Switches readSwitches(const plugin::Loaded& loaded, const settings::OptionTable& table,
                                    const settings::Environment& environment, settings::Findings& findings);

/// Makes the instances. A plugin that fails is unusable, and its result says why; nothing is thrown for it.
[[nodiscard]] ProbeResults createPlugins(const plugin::Loaded& loaded, const settings::Settings& settings,
                                         const Log& log);

/// Probes the plugins that `results`, of createPlugins, has no failure of, beside each other, for VMs as the
/// settings describe them. Every backend also gets the check host.kvm, required where it needs KVM.
void probePlugins(const plugin::Loaded& loaded, const settings::Settings& settings,
                  const doctor::KvmProbeResult& kvm, Pending& pending, const Log& log, ProbeResults& results);

/// Throws FailedPrecondition or InvalidArgument when the configuration names a backend or attester that is
/// not there, or contradicts itself, or none is usable.
[[nodiscard]] std::string chooseBackend(const plugin::Loaded& loaded, const ProbeResults& probes,
                                        const settings::Settings& settings, const Switches& switches,
                                        const Log& log);

/// What the setting `attesters` comes to: of auto, the attesters that are no backends and that this host can
/// run. One that is named is used whatever its probe says, with a warning.
[[nodiscard]] std::vector<std::string> chooseAttesters(const plugin::Loaded& loaded,
                                                       const ProbeResults& probes,
                                                       const settings::Settings& settings, const Log& log);

/// "kvm" or "tcg"; throws FailedPrecondition when the backend or the operator insists on KVM and it does not
/// work.
[[nodiscard]] std::string chooseAccel(const plugin::PluginInfo& backend, std::optional<bool> enableKvm,
                                      const doctor::KvmProbeResult& kvm);

} // namespace teehost::vm
