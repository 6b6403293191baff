// SPDX-License-Identifier: Apache-2.0
//
// Which process is which, also after a restart of the daemon. A pid alone is never believed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "host/base/unique_fd.h"
#include "host/store/rows.h"

namespace teehost::vm {

/// /proc/sys/kernel/random/boot_id: another one after each boot of the host. Throws Error when
/// it cannot be read.
[[nodiscard]] const std::string& bootId();

/// The identity of a process that is certainly alive or not yet reaped: a child of ours. Throws Error
/// when /proc cannot be read, as by a daemon that has no file descriptor left.
[[nodiscard]] store::ProcessRow identityOf(pid_t pid);

/// Its arguments; empty for a zombie or when it is gone; absent when /proc does not let us look.
[[nodiscard]] std::optional<std::vector<std::string>> commandLine(pid_t pid);

enum class Presence {
    Alive,   ///< and `pidfd` holds it
    Gone,    ///< ended, or the host was booted since
    Foreign, ///< the pid belongs to another program now: never to be signalled
    Unknown, ///< /proc does not let us look
};

struct Found {
    Presence presence = Presence::Gone;
    UniqueFd pidfd;
    bool launching = false; ///< still teehost-launch, which becomes the program or ends at any moment
};

/// Looks for a process that was started earlier, perhaps by a daemon before this one. `isOurs` judges its
/// arguments.
[[nodiscard]] Found findProcess(const store::ProcessRow& identity,
                                const std::function<bool(const std::vector<std::string>&)>& isOurs);

/// Whether these are the arguments of the QEMU of that VM.
[[nodiscard]] bool isQemuOf(const std::string& vmId, const std::vector<std::string>& arguments);

/// How many processes the kernel has killed for want of memory since the host was booted (proc_vmstat
/// oom_kill); 0 when it does not say.
[[nodiscard]] std::uint64_t oomKills();

/// Whether the kernel killed that process, which was killed, for want of memory: by what its log says of the
/// pid (/dev/kmsg), or where that may not be read, by whether oomKills() was `killsAtStart` when the process
/// started.
[[nodiscard]] bool wasOomKilled(const store::ProcessRow& process, std::uint64_t killsAtStart);

} // namespace teehost::vm
