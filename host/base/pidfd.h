// SPDX-License-Identifier: Apache-2.0
//
// Processes by descriptor (pidfd_open(2)), for which glibc 2.36 has no functions yet.
#pragma once

#include <poll.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "host/base/unique_fd.h"

namespace teehost {

/// Invalid, with errno set, when there is no such process.
[[nodiscard]] inline UniqueFd openPidfd(pid_t pid) noexcept
{
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

[[nodiscard]] inline bool hasEnded(int pidfd) noexcept
{
    pollfd entry{pidfd, POLLIN, 0};
    return ::poll(&entry, 1, 0) > 0;
}

inline void signalPidfd(int pidfd, int number) noexcept
{
    ::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0);
}

} // namespace teehost
