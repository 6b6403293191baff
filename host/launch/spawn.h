// SPDX-License-Identifier: Apache-2.0
//
// Starts a long-lived child (QEMU, a sidecar) through teehost-launch, in two steps: the process exists and is
// known by its pidfd before it becomes the program.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "host/base/unique_fd.h"
#include "host/launch/vm_dirs.h"
#include "host/plugin/fragment.h"

namespace teehost::launch {

struct SpawnPlan {
    std::vector<std::string> argv;        ///< argv[0] is an absolute path
    std::vector<std::string> environment; ///< NAME=value; the whole of it, nothing is inherited
    std::filesystem::path log;            ///< standard output and error are appended here
    int standardInput = -1;               ///< given to the child; -1: /dev/null
    std::optional<Account> account;
    mode_t umask = 0177;
    bool lockMemory = false;
    bool mayGainPrivileges = false; ///< for setuid programs, of which sudo is the one we start
    /// The child stays teehost-launch: it runs the program, ends as it does, and leaves no process behind. It
    /// ends with the daemon, and with its leash. A program that means to can escape from this, as it runs
    /// under the same account.
    bool reap = false;
    int nice = 0; ///< 0 to 19
};

/// The plan for a sidecar of a plugin, whose words go to `log`. Throws FailedPrecondition when its program is
/// missing.
[[nodiscard]] SpawnPlan sidecarPlan(const plugin::SidecarPlan& sidecar, std::filesystem::path log,
                                    const std::optional<Account>& account);

/// A child that waits for go(). Destroyed before that, it ends by itself.
class HeldChild {
public:
    HeldChild(pid_t pid, UniqueFd pidfd, UniqueFd go, bool leashed)
        : pid_(pid), pidfd_(std::move(pidfd)), go_(std::move(go)), leashed_(leashed)
    {
    }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Lets the child become the program, or run it.
    void go();
    /// The leash of a child that stays teehost-launch, once it was let go: when the descriptor is closed, the
    /// child kills every process that it started, and ends. -1 for others.
    [[nodiscard]] UniqueFd takeLeash() noexcept { return std::move(go_); }
    /// The caller now owns the process and must reap it with waitid(P_PIDFD).
    [[nodiscard]] UniqueFd takePidfd() noexcept { return std::move(pidfd_); }

private:
    pid_t pid_;
    UniqueFd pidfd_, go_;
    bool leashed_;
};

/// Throws ResourceExhausted when the host is out of processes, descriptors or memory, Internal for the rest.
/// Blocking for well under a millisecond.
[[nodiscard]] HeldChild spawnHeld(const SpawnPlan& plan);

/// teehost-launch, looked for beside the running program and in ../lib/teehost; throws FailedPrecondition.
[[nodiscard]] std::filesystem::path trampolinePath();

/// `name` as an absolute path: itself when it has a slash, else looked up in PATH. Throws FailedPrecondition
/// saying which option named it.
[[nodiscard]] std::string findProgram(const std::string& name, const std::string& option);

} // namespace teehost::launch
