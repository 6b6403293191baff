// SPDX-License-Identifier: Apache-2.0
//
// The bash completion script, generated from the declared commands and options themselves.
#pragma once

#include <string>

#include "cli/option_spec.h"

namespace teehost::cli {

/// A script for bash 4 and later that needs no other package. It completes commands, options, choices, files
/// and directories, and the ids of VMs by asking the daemon (for at most two seconds).
[[nodiscard]] std::string bashCompletion(const CommandSpec& program);

} // namespace teehost::cli
