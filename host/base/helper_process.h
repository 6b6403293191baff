// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace teehost {

struct HelperResult {
    bool timedOut = false;
    bool signalled = false;
    int status = 0;     ///< exit code, or the signal's number
    std::string output; ///< standard output and error together, at most 64 KiB

    [[nodiscard]] bool ok() const noexcept { return !timedOut && !signalled && status == 0; }
};

/// Runs a short program (qemu-img, a version query) and waits for it; at the deadline it is killed. Blocking:
/// never on the io_context. argv[0] is looked up in PATH. Throws Error when it cannot be started.
[[nodiscard]] HelperResult runHelper(const std::vector<std::string>& argv, std::chrono::milliseconds limit);

} // namespace teehost
