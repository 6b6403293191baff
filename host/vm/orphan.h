// SPDX-License-Identifier: Apache-2.0
//
// QEMUs that some teehost started, found by looking at all processes: a daemon whose store was lost, or that
// was told to forget, still finds its VMs this way, and tells them from those of another daemon on the same
// host.
#pragma once

#include <optional>
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
    VmId owner; ///< UUID of the daemon that started it
    VmId vm;
    std::vector<std::string> arguments;
};

/// What the arguments say; absent for anything that is not the QEMU of a VM of some teehost.
[[nodiscard]] std::optional<SeenQemu> seenQemu(pid_t pid, std::vector<std::string> arguments);

/// All of them that run. A process that cannot be looked at is left out.
[[nodiscard]] std::vector<SeenQemu> findQemus();

/// Whether that process is this daemon's: its UUID, whole, and its directories. The UUID alone could come
/// from a copy of the state directory, which another daemon on this host works with.
[[nodiscard]] bool isOwned(const SeenQemu& seen, const VmId& owner, const launch::HostDirs& dirs);

/// A hold on the process, taken so that it certainly is the one that was seen; empty when it has ended.
[[nodiscard]] UniqueFd hold(const SeenQemu& seen);

/// What a daemon needs to take up a VM whose row is gone: its row as it was at the launch. Kept beside the
/// store, one file a VM.
class LaunchRecords {
public:
    explicit LaunchRecords(std::filesystem::path stateDir);

    /// Blocking, as all of these. Throws Unavailable.
    void write(const store::VmRow& row) const;
    /// Absent when there is none; throws Error for one that cannot be read.
    [[nodiscard]] std::optional<store::VmRow> read(const VmId& vm) const;
    void remove(const VmId& vm) const noexcept;
    /// The VMs that have one.
    [[nodiscard]] std::vector<VmId> all() const;

private:
    [[nodiscard]] std::filesystem::path pathOf(const VmId& vm) const;

    std::filesystem::path directory_;
};

} // namespace teehost::vm
