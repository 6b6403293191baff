// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "host/base/vm_id.h"

namespace teehost::launch {

/// The directories of the daemon. All paths are absolute.
struct HostDirs {
    std::filesystem::path state, runtime, log;
};

/// The paths of one VM. VmDirs makes them; before that, none exists.
struct VmPaths {
    VmPaths(const HostDirs& dirs, const VmId& id)
        : run(dirs.runtime / "vm" / id.text()), state(dirs.state / "vm" / id.text()),
          log(dirs.log / id.text())
    {
    }

    std::filesystem::path run, state, log;

    [[nodiscard]] std::filesystem::path envShare() const { return run / "env"; }
    [[nodiscard]] std::filesystem::path certsShare() const { return run / "certs"; }
    [[nodiscard]] std::filesystem::path qmpSocket() const { return run / "qmp"; }
    [[nodiscard]] std::filesystem::path firmwareVars() const { return state / "vars.fd"; }
    [[nodiscard]] std::filesystem::path disk() const { return state / "disk.img"; }
    [[nodiscard]] std::filesystem::path consoleLog() const { return log / "console.log"; }
    [[nodiscard]] std::filesystem::path qemuLog() const { return log / "qemu.log"; }
};

/// Whether two paths name the same place, through whatever links. Parts that do not exist are compared as
/// they are written.
[[nodiscard]] inline bool isSamePath(const std::filesystem::path& one, const std::filesystem::path& other)
{
    std::error_code error;
    const auto first = std::filesystem::weakly_canonical(one, error);
    const auto second = std::filesystem::weakly_canonical(other, error);
    return error ? one == other : first == second;
}

} // namespace teehost::launch
