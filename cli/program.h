// SPDX-License-Identifier: Apache-2.0
//
// teehost, the command-line client: its commands, and how their failures become exit codes.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/session.h"

namespace teehost::cli {

/// Declares the global options and every command. `session` must outlive `app`.
void buildProgram(CLI::App& app, Session& session);

/// main() without the name.
[[nodiscard]] int runProgram(int argc, const char* const* argv) noexcept;

} // namespace teehost::cli
