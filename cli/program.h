// SPDX-License-Identifier: Apache-2.0
//
// teehost, the command-line client: its commands, and how their failures become exit codes.
#pragma once

#include "cli/session.h"

namespace CLI {
class App;
}

namespace teehost::attest {
struct HttpsClient;
}

namespace teehost::cli {

/// The parts that are linked into one program and loaded on demand by another.
struct Parts {
    /// Declares the commands of the catalogue that run on demand.
    void (*addOnDemandCommands)(CLI::App& app, Session& session);
    const attest::HttpsClient& https;
};

/// Everything at once: only programs that link teehost::cli_daemon have it.
extern const Parts kWholeProgram;

/// Declares the global options and every command. `session` and `parts` must outlive `app`.
void buildProgram(CLI::App& app, Session& session, const Parts& parts);

/// main() without the name.
[[nodiscard]] int runProgram(int argc, const char* const* argv, const Parts& parts) noexcept;

} // namespace teehost::cli
