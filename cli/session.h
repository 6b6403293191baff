// SPDX-License-Identifier: Apache-2.0
//
// Things that every command is given: the options that stand before or after any verb, where to write, and
// the daemon, connected to at first use, so that commands which need none work without one.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "cli/client/endpoint.h"
#include "cli/failure.h"

namespace teehost::cli {

class Client; // cli/client/client.h

/// The names of the global options, which all take a value: it is no command though it has no dash.
inline constexpr std::array<std::string_view, 7> kGlobalOptions{
    "--url", "--tls-ca", "--tls-cert", "--tls-key", "--timeout", "-o", "--output"};

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

    /// Connects at the first call. Only programs that link teehost::cli_daemon have it
    /// (cli/client/client.cpp).
    [[nodiscard]] Client& client();
    [[nodiscard]] bool json() const { return options.output == "json"; }
    /// Standard output.
    [[nodiscard]] std::ostream& out() const;
    [[nodiscard]] bool outIsTerminal() const;
    /// Flushes; throws Failure when something written was lost (a full disk).
    void finishOutput() const;

private:
    std::shared_ptr<Client> client_; // shared, because that needs no definition of Client here
};

} // namespace teehost::cli
