// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "support/daemon.h"

namespace teehost::test {

/// A shell script for qemu.bin_path that runs `body` and then, unless that ended it, becomes the real QEMU
/// with the very arguments it was given. What happens between the daemon and QEMU on a busy host is arranged
/// there. In `body`, $dir is the stage's directory, $port the agent's port, and `hang` waits for ever.
[[nodiscard]] std::filesystem::path qemuWrapper(const Stage& stage, const std::string& body);

/// A light stand-in for qemu.bin_path: the real QEMU with the name, UUID, monitor and forwarded port it was
/// told, but without a machine. It never has a guest, starts in a tenth of the time and takes little memory.
/// `body` runs first, as in qemuWrapper().
[[nodiscard]] std::filesystem::path standInQemu(const Stage& stage, const std::string& body = {});

} // namespace teehost::test
