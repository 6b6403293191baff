// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace teehost {

/// What the three standard descriptors of a helper become. A negative input is /dev/null.
struct HelperStreams {
    int input, output, error;
};

/// Starts a short-lived helper with no signal blocked or ignored; argv[0] is looked up in PATH. The caller
/// reaps it. Throws Error when it cannot be started.
[[nodiscard]] pid_t spawnHelper(const std::vector<std::string>& argv, const HelperStreams& streams);

/// Kills a helper that is not reaped yet, so that the pid is still its own, and reaps it; its wait status.
int killAndReap(pid_t pid) noexcept;

} // namespace teehost
