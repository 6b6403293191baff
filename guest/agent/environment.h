// SPDX-License-Identifier: Apache-2.0
//
// The file `environment` of the share env_share: what the host tells the agent, one NAME=value a line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace teehost::guest {

/// The host is not trusted: past these the rest of the file is left unread. They hold what the daemon writes
/// (about ten variables, the longest a session token) many times over.
constexpr std::size_t kMaxEnvironmentBytes = 64 * 1024;
constexpr std::size_t kMaxVariables = 256;
constexpr std::size_t kMaxNameBytes = 64;

struct Variable {
    std::string name;
    std::string value;
};

/// A line that was left out. `reason` never quotes the line, which may hold a secret.
struct LineProblem {
    std::size_t line; ///< counted from 1; 0 is the file as a whole
    std::string_view reason;
};

struct Environment {
    std::vector<Variable> variables; ///< in the order of the file
    std::vector<LineProblem> problems;

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
};

/// Stands for the file as long as it has not been read.
[[nodiscard]] Environment unreadEnvironment();

/// Reads the text of the file. The value is the rest of the line as it is: no quotes, escapes, comments or
/// trimming, and a carriage return belongs to it. Empty lines are passed over. A line with no '=', a name
/// that is not [A-Za-z_][A-Za-z0-9_]*, a NUL in the value, or a name seen before is left out and reported;
/// the first one stays. Never throws but for lack of memory.
[[nodiscard]] Environment parseEnvironment(std::string_view text);

} // namespace teehost::guest
