// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/base/async.h"

#include <optional>
#include <string>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "host/base/unique_fd.h"

namespace teehost::vm {

/// How a process ended.
struct ExitStatus {
    bool signalled = false;
    int value = 0;     ///< exit code, or the signal's number
    bool known = true; ///< false: only the process's parent is told, which an earlier daemon was

    /// "exit status 1", "killed by signal 9 (Killed)"
    [[nodiscard]] std::string text() const;
    /// As waitpid(2) encodes it.
    [[nodiscard]] int waitStatus() const noexcept { return signalled ? value : value << 8; }
};

/// A process of a VM, held by its pidfd: it is never signalled by a bare pid. A child of ours is reaped
/// exactly once, as soon as it ends; one that an earlier daemon started is only seen to end. io_context
/// thread only. Destroying it while the process lives leaves the process alone, unless it keeps its leash.
class Process : public std::enable_shared_from_this<Process> {
public:
    /// Starts to watch at once; `changed` is notified when the process ends and must outlive this object's
    /// watch.
    static std::shared_ptr<Process> adopt(asio::io_context& io, pid_t pid, UniqueFd pidfd,
                                          std::shared_ptr<Signal> changed, bool throughSudo);

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] bool ended() const noexcept { return exit_.has_value(); }
    [[nodiscard]] const std::optional<ExitStatus>& exit() const noexcept { return exit_; }
    void signal(int number) noexcept;
    /// Takes the leash of a child that stays teehost-launch (launch::HeldChild), to keep as long as this
    /// object and the process live.
    void keep(UniqueFd leash) noexcept { leash_ = std::move(leash); }
    /// Kills a child that has a leash, and every process that it started, by and by. False when it has none.
    bool dropLeash() noexcept;

private:
    Process(asio::io_context& io, pid_t pid, UniqueFd pidfd, std::shared_ptr<Signal> changed,
            bool throughSudo);
    void watch();
    void reap();

    pid_t pid_;
    bool throughSudo_;
    UniqueFd leash_;
    asio::posix::stream_descriptor pidfd_;
    std::shared_ptr<Signal> changed_;
    std::optional<ExitStatus> exit_;
};

} // namespace teehost::vm
