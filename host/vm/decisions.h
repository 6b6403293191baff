// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/plugin/plugin.h"

namespace teehost::vm {

/// The outcome of each plugin's probe, for ListBackends and the choice.
struct ProbedPlugin {
    std::vector<plugin::ProbeCheck> checks;
    std::string failure; ///< why it could not be created or probed; empty when it could
    bool usable = false;
};
using ProbeResults = std::map<std::string, ProbedPlugin, std::less<>>;

/// The answers of the host to a start's questions. They come while the daemon serves, and a create waits for
/// them.
struct Decisions {
    ProbeResults probes;
    std::string backend; ///< of VMs whose request names none
    std::string accel;   ///< of that backend's VMs
    std::vector<std::string> attesters;
    /// "kvm" or "tcg" for a VM of this backend. Throws FailedPrecondition when it cannot run here. Any
    /// thread.
    std::function<std::string(const plugin::PluginInfo&)> accelFor;
    std::string firmwareVersion; ///< ovmf.version, or that of the package the firmware came from
};

} // namespace teehost::vm
