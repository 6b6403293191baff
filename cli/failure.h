// SPDX-License-Identifier: Apache-2.0
//
// How a command fails: with a sentence, a hint and the exit code a script can act on. Thrown anywhere below
// main(), caught once in program.cpp.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace teehost::cli {

/// Documented in `teehost --help` and docs/cli.md; scripts depend on the numbers.
enum class ExitCode : int {
    Ok = 0,
    Failed = 1,       ///< the operation was tried and failed
    Usage = 2,        ///< the command line, or a value on it, is not acceptable
    Undecided = 2,    ///< evidence could neither be accepted nor rejected
    Rejected = 3,     ///< evidence was appraised and rejected
    NotFound = 4,     ///< no such VM, backend or plugin; explain knows nothing of the text
    Unreachable = 5,  ///< no daemon answers
    Exhausted = 6,    ///< the host has no room: VMs, memory, ports, encrypted slots
    TimedOut = 7,     ///< --timeout or --wait-timeout passed
    Interrupted = 130 ///< Ctrl-C or SIGTERM
};

class Failure : public std::runtime_error {
public:
    Failure(ExitCode code, const std::string& message, std::string hint = {})
        : std::runtime_error(message), code_(code), hint_(std::move(hint))
    {
    }

    [[nodiscard]] ExitCode code() const noexcept { return code_; }
    /// What the reader can do; may be empty.
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

private:
    ExitCode code_;
    std::string hint_;
};

/// A Failure because of what was typed.
class UsageFailure : public Failure {
public:
    explicit UsageFailure(const std::string& message, std::string hint = {})
        : Failure(ExitCode::Usage, message, std::move(hint))
    {
    }
};

/// What standard error is told: "teehost: MESSAGE" and a hint line. Nothing in it can move the cursor, and
/// lines that follow the first are indented, so that text from a guest cannot pose as a message of ours.
[[nodiscard]] std::string describeFailure(const std::string& message, const std::string& hint);

} // namespace teehost::cli
