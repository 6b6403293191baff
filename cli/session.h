// SPDX-License-Identifier: Apache-2.0
//
// What every command is given: the options that stand before or after any verb, where to write, and the
// daemon, connected to at first use, so that commands which need none work without one.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "cli/client/client.h"
#include "cli/client/endpoint.h"
#include "cli/failure.h"

namespace teehost::cli {

struct GlobalOptions {
    Endpoint endpoint;
    std::optional<std::chrono::nanoseconds> timeout;
    std::string output = "text";
};

class Session {
public:
    GlobalOptions options;
    /// What the program ends with when the command has said all there is to say: a verdict is no failure.
    ExitCode exitCode = ExitCode::Ok;

    [[nodiscard]] Client& client();
    [[nodiscard]] bool json() const { return options.output == "json"; }
    /// Standard output.
    [[nodiscard]] std::ostream& out() const;
    [[nodiscard]] bool outIsTerminal() const;
    /// Flushes; throws Failure when something written was lost (a full disk).
    void finishOutput() const;

private:
    std::unique_ptr<Client> client_;
};

} // namespace teehost::cli
