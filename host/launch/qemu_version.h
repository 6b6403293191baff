// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace teehost::launch {

/// "7.2.22", as the program says itself; remembered until the file changes. Empty when it does not say.
/// Blocking and thread-safe. Throws FailedPrecondition when the program cannot be run.
[[nodiscard]] std::string qemuVersion(const std::string& binary);

} // namespace teehost::launch
