// SPDX-License-Identifier: Apache-2.0
//
// QEMUs that some teehost started, found by looking at all processes: a daemon whose store was lost, or that
// was told to forget, still finds its VMs this way, and tells them from those of another daemon on the same
// host.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

#include "host/base/unique_fd.h"
#include "host/launch/vm_paths.h"
#include "host/store/rows.h"

namespace teehost::vm {

/// A process with the command line of a VM's QEMU.
struct SeenQemu {
    pid_t pid = 0;
    uid_t user = static_cast<uid_t>(-1); ///< as whom it runs
    VmId owner;                          ///< UUID of the daemon that started it
    VmId vm;
    std::vector<std::string> arguments;
};

/// Reads a QEMU out of a process's arguments; absent for anything that is not the QEMU of a VM of some
/// teehost.
[[nodiscard]] std::optional<SeenQemu> seenQemu(pid_t pid, std::vector<std::string> arguments);

/// One look at all processes. With sudo, the one of sudo is seen beside the one of QEMU.
struct Processes {
    std::vector<SeenQemu> qemus;
    std::set<VmId> uuids; ///< every id that follows a -uuid, whoever started that process
    bool complete = true; ///< false when a process could not be looked at
};
[[nodiscard]] Processes lookAtProcesses();

/// Whether that process works in these directories, reached by whatever path.
[[nodiscard]] bool worksIn(const SeenQemu& seen, const launch::HostDirs& dirs);

/// Whether that process is this daemon's: its UUID, whole, and its directories. The UUID alone could come
/// from a copy of the state directory, which another daemon on this host works with.
[[nodiscard]] bool isOwned(const SeenQemu& seen, const VmId& owner, const launch::HostDirs& dirs);

/// Takes hold of the process that was seen, and of no other; empty when it has ended.
[[nodiscard]] UniqueFd hold(const SeenQemu& seen);

/// Ends all of these by SIGKILL and waits for that, at most `limit`; false when one is left. Blocking.
[[nodiscard]] bool endByForce(const std::vector<SeenQemu>& processes, std::chrono::milliseconds limit);

/// The rows of VMs as they were at their launch, one file a VM, beside the store: a daemon takes a VM whose
/// row is lost up by them. Blocking.
class LaunchRecords {
public:
    explicit LaunchRecords(std::filesystem::path stateDir);

    /// Throws Unavailable.
    void write(const store::VmRow& row) const;
    /// Absent when there is none; throws Error for one that cannot be read.
    [[nodiscard]] std::optional<store::VmRow> read(const VmId& vm) const;
    /// Removes the record and the mark of spare().
    void remove(const VmId& vm) const noexcept;
    /// The VMs that have one.
    [[nodiscard]] std::vector<VmId> all() const;
    /// Marks a VM that was found while the store was in doubt: no rule ends it, also at a later start. Throws
    /// Unavailable.
    void spare(const VmId& vm) const;
    [[nodiscard]] bool isSpared(const VmId& vm) const;
    /// Removes the files of writes that a crash has interrupted.
    void removeUnfinished() const noexcept;

private:
    [[nodiscard]] std::filesystem::path pathOf(const VmId& vm) const;
    [[nodiscard]] std::filesystem::path markOf(const VmId& vm) const;
    void makeDirectory() const;

    std::filesystem::path directory_;
};

} // namespace teehost::vm
