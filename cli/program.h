// SPDX-License-Identifier: Apache-2.0
//
// teehost, the command-line client: its commands, and how their failures become exit codes.
#pragma once

#include "cli/session.h"

namespace CLI {
class App;
}

namespace teehost::cli {

/// Declares the commands of the catalogue that run on demand: wholly where they are linked in, by their names
/// alone where they are loaded (cli/commands/commands.h has both).
using AddOnDemand = void (*)(CLI::App& app, Session& session);

/// Declares the global options and every command. `session` must outlive `app`.
void buildProgram(CLI::App& app, Session& session, AddOnDemand addOnDemand);

/// main() without the name.
[[nodiscard]] int runProgram(int argc, const char* const* argv, AddOnDemand addOnDemand) noexcept;

} // namespace teehost::cli
