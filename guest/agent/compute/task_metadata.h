// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "guest/agent/compute/runner.h"

namespace teehost::guest {

constexpr std::size_t kMaxArguments = 64;
constexpr std::size_t kMaxArgumentBytes = 16 * 1024; ///< of all together

/// The task that the metadata of an algorithm's upload describe. `type` is "bin" or "python" (empty: "bin"),
/// and `interpreter` "python3" or "python3.N" (empty: "python3"). Throws Refusal. Does not look whether the
/// image has the interpreter.
[[nodiscard]] Task readTask(std::string_view type, std::string_view interpreter,
                            std::vector<std::string> arguments);

} // namespace teehost::guest
