// SPDX-License-Identifier: Apache-2.0
//
// VmSpec + fragments of the plugins -> LaunchPlan: what exactly will be started. A pure function, so that a
// restarted daemon can make the plan again and compare.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/launch/topology.h"
#include "host/launch/vm_paths.h"
#include "host/launch/vm_spec.h"
#include "host/plugin/fragment.h"
#include "host/plugin/vm_facts.h"
#include "host/settings/settings.h"

namespace teehost::launch {

struct LaunchPlan {
    std::vector<std::string> argv; ///< of QEMU; carries no secret
    std::vector<plugin::SidecarPlan> sidecars;
    std::vector<plugin::FilePlan> files;
    plugin::Properties notes;
    std::string cpuModel;    ///< what the guest sees as its processor
    bool lockMemory = false; ///< the VM pins its memory (VFIO, encrypted guests)
};

/// Everything a plan depends on beside the VM itself.
struct PlanContext {
    const settings::Settings& settings;
    HostTopology topology;
    std::string qemuBinary;      ///< absolute
    std::string qemuVersion;     ///< "7.2.22"
    std::string owner;           ///< UUID of the daemon
    std::uint16_t agentPort = 0; ///< on the host
    bool confidential = false;   ///< the backend's memory is pinned and encrypted
};

/// The description of this VM that compose and measure of a plugin are given.
[[nodiscard]] plugin::VmFacts vmFacts(const VmSpec& spec, const VmPaths& paths, const PlanContext& context);

/// Merges the fragments, backend's first. Throws AlreadyExists when two of them contradict each other, naming
/// both, InvalidArgument when one cannot be written as QEMU options.
[[nodiscard]] LaunchPlan makePlan(const VmSpec& spec, const VmPaths& paths, const PlanContext& context,
                                  const std::vector<plugin::Fragment>& fragments);

/// "teehost-OWNER-VM": the name of a VM's QEMU, by which a daemon and an operator know whose it is.
[[nodiscard]] std::string qemuName(std::string_view owner, const VmId& vm);

/// The file descriptor on which QEMU finds its listening QMP socket. It is the standard input because that
/// one survives every way QEMU is started, sudo included.
inline constexpr int kQmpFd = 0;

} // namespace teehost::launch
