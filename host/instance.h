// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "host/base/vm_id.h"

namespace teehost {

/// Which daemon this is, for as long as its state directory lasts. The name that an operator chose
/// (instance.id) is for people; ownership of VMs hangs on the generated UUID alone.
struct Instance {
    VmId owner;      ///< the UUID, whole; it stands in the name of every QEMU of this daemon
    bool firstStart; ///< the state directory had none yet
};

/// Reads `stateDir`/instance-id, or makes it (synced) when there is none. Throws FailedPrecondition for a
/// file that holds no UUID: with another one the daemon would not know its VMs again.
[[nodiscard]] Instance readInstance(const std::filesystem::path& stateDir);

} // namespace teehost
