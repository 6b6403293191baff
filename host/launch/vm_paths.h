// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "host/base/vm_id.h"

namespace teehost::launch {

/// Where the daemon keeps things. All absolute.
struct HostDirs {
    std::filesystem::path state, runtime, log;
};

/// Where the things of one VM are. Nothing here exists until VmDirs makes it.
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

} // namespace teehost::launch
