// SPDX-License-Identifier: Apache-2.0
//
// The directories and files of one VM, made before it starts and gone with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "host/base/unique_fd.h"
#include "host/launch/host_dirs.h"
#include "host/launch/vm_paths.h"
#include "host/launch/vm_spec.h"
#include "host/plugin/fragment.h"

namespace teehost::launch {

/// The account QEMU runs as, when that is not the daemon's.
struct Account {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
};

/// Looks up `name`, with the group kvm added when there is one. Throws FailedPrecondition when it does not
/// exist.
[[nodiscard]] Account lookUpAccount(const std::string& name);

/// The entries of an operator's directory that copyExtras leaves out, as words for people. Empty for a
/// directory that cannot be read.
[[nodiscard]] std::vector<std::string> unsharable(const std::string& sourceDirectory);

/// The directories of a VM. They outlive this object and the daemon; remove() and removeLogs() end them.
/// Blocking; call on the worker pool.
class VmDirs {
public:
    /// Makes them, and the host's directories around them when those have vanished; what was made of the VM
    /// is removed again when that fails. `owner` is who must be able to read what is inside; absent: the
    /// daemon's user.
    VmDirs(const HostDirs& dirs, const VmId& id, const std::optional<Account>& owner);
    /// The directories that an earlier run of the daemon made, all or some of them.
    static VmDirs existing(const HostDirs& dirs, const VmId& id, const std::optional<Account>& owner);
    /// Makes directories for files that are made before the VM is, `run` and `log` alone: beside those of
    /// VMs, on their file system. Directories of that id must not be there.
    static VmDirs ahead(const HostDirs& dirs, const VmId& id, const std::optional<Account>& owner);
    /// Removes everything that was made ahead of VMs. Returns why something is left; empty when nothing is.
    [[nodiscard]] static std::string removeAhead(const HostDirs& dirs);

    [[nodiscard]] const VmPaths& paths() const noexcept { return paths_; }

    /// Writes `environment` and the certificates; 0600, created with that mode, never through a symlink.
    void writeShares(const VmSecrets& secrets) const;
    /// Copies the regular files of an operator's directory into a share, and those that links in it lead to;
    /// a name the daemon wrote itself wins. See unsharable() for the rest.
    void copyExtras(const std::string& sourceDirectory, const std::filesystem::path& share) const;
    /// Copies a file of any size; the copy is 0600 and sparse where the source is.
    void copyFile(const std::string& source, const std::filesystem::path& target) const;
    /// Makes the files a plugin asked for inside the run directory.
    void writePlanned(const std::vector<plugin::FilePlan>& files) const;
    /// The paths of the files in the run directory, relative to it, sorted.
    [[nodiscard]] std::vector<std::string> files() const;
    /// Moves the content of the directories that ahead() made into these, but for files that `planned` names:
    /// those are yet to be written, with other paths in them. False when one of `results`, which files() gave
    /// then, has vanished; throws when a file of that name is here already.
    [[nodiscard]] bool takeOver(const VmDirs& ahead, const std::vector<std::string>& results,
                                const std::vector<plugin::FilePlan>& planned) const;
    /// A listening UNIX socket (0600) at paths().qmpSocket(), for QEMU to inherit.
    [[nodiscard]] UniqueFd listenQmp() const;
    /// Creates the log files empty, so that QEMU, whoever it runs as, appends to files the daemon can read.
    void createLogs() const;

    /// Names in a sentence the files that could not be removed; empty when there are none.
    [[nodiscard]] std::string remove() const noexcept;
    static void removeLogs(const VmPaths& paths) noexcept;

private:
    VmDirs(VmPaths paths, const std::optional<Account>& owner);
    void give(int fd) const;
    void makeDirectory(const std::filesystem::path& path) const;
    void writeFile(const std::filesystem::path& path, std::string_view content, mode_t mode) const;

    VmPaths paths_;
    std::optional<Account> owner_;
};

} // namespace teehost::launch
