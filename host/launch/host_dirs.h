// SPDX-License-Identifier: Apache-2.0
//
// The daemon's own directories: made at the start, and again when a cleaner of temporary files took them.
#pragma once

#include <string>
#include <string_view>

#include "host/launch/vm_paths.h"
#include "host/settings/findings.h"

namespace teehost::launch {

/// Makes state, runtime and log directories and refuses (FailedPrecondition) one that is a symlink, belongs
/// to somebody else, or can be written by others: whoever can write there could replace keys or sockets. They
/// are 0700, or 0711 with `passable`, so that QEMU's own account can reach the directories of its VMs, which
/// stay 0700.
void prepareHostDirs(const HostDirs& dirs, bool passable = false);

/// Refuses what prepareHostDirs would refuse, and changes nothing.
void checkHostDirs(const HostDirs& dirs, settings::Findings& findings);

/// Refuses a runtime directory so long that no VM could make the socket `longestName` in its own directory
/// there.
void checkSocketRoom(const HostDirs& dirs, std::string_view longestName, settings::Findings& findings);

} // namespace teehost::launch
