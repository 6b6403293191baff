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

} // namespace teehost::test
