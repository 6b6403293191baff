// SPDX-License-Identifier: Apache-2.0
//
// How `--help` looks: usage, options with wrapped descriptions in the order of importance, global options,
// examples.
#pragma once

#include <string>

#include "cli/option_spec.h"

namespace teehost::cli {

/// The help of the program itself.
[[nodiscard]] std::string programHelp(const CommandSpec& program);
/// The help of one of its commands.
[[nodiscard]] std::string commandHelp(const CommandSpec& command, const CommandSpec& program);

/// "  NAME   text" with `text` wrapped at blanks to 100 columns and hanging at column 30.
[[nodiscard]] std::string helpEntry(const std::string& name, const std::string& text);

} // namespace teehost::cli
