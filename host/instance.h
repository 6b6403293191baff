// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/base/log.h"
#include "host/base/vm_id.h"
#include "host/launch/vm_paths.h"

namespace teehost {

/// The identity of this daemon, for as long as its state directory lasts. The name that an operator chose
/// (instance.id) is for people; ownership of VMs hangs on the generated UUID alone.
struct Instance {
    VmId owner;      ///< the UUID, whole; it stands in the name of every QEMU of this daemon
    bool firstStart; ///< the state directory had none yet
};

inline constexpr const char* kInstanceFile = "instance-id"; ///< in the state directory

/// Reads kInstanceFile. A file that is missing is made again (synced): with the UUID of
/// the QEMUs that work in these directories, or with a new one when none runs. Throws FailedPrecondition for
/// a file that holds no UUID, and when those QEMUs carry several: with another UUID the daemon would not know
/// its VMs again.
[[nodiscard]] Instance readInstance(const launch::HostDirs& dirs, const Log& log);

} // namespace teehost
