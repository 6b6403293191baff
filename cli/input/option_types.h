// SPDX-License-Identifier: Apache-2.0
//
// Options whose values are checked while the command line is read, so that a mistake is told with the
// option's name and before anything is done.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/input/command.h"

namespace teehost::cli {

/// See parseDuration.
Option addDuration(const Command& command, const std::string& name,
                   std::optional<std::chrono::nanoseconds>& target, const std::string& help);
/// See parseSize.
Option addSize(const Command& command, const std::string& name, std::optional<std::uint64_t>& target,
               const std::string& help);

/// A whole number from `least` to `most`; a refusal names the option and that range.
Option addNumber(const Command& command, const std::string& name, std::optional<std::uint32_t>& target,
                 std::uint32_t least, std::uint32_t most, const std::string& help);

} // namespace teehost::cli
