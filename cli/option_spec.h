// SPDX-License-Identifier: Apache-2.0
//
// The declared commands and options, as plain data: read by the help and by the shell completion, so that
// both always say what the parser does.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace teehost::cli {

struct OptionSpec {
    std::vector<std::string> names;   ///< "-o", "--output"; for a positional its placeholder
    std::string value;                ///< placeholder of the value, "FILE"; empty for a flag
    std::vector<std::string> choices; ///< what the value may be, when that is a list
    std::string description;
    std::string group;    ///< heading in the help; "Options" unless the option has one of its own
    std::string shownAs;  ///< text for the help instead of `value`; may be empty
    std::string variable; ///< environment variable that it is read from otherwise; may be empty
    bool repeatable = false;
    bool required = false;
};

struct CommandSpec {
    std::string name;
    std::string description;
    std::string footer;
    std::vector<OptionSpec> options; ///< those that are shown, in the order they were declared
    std::vector<OptionSpec> positionals;
    std::vector<CommandSpec> commands;
};

/// `app` is the program, or one of its commands.
[[nodiscard]] CommandSpec describeCommand(const CLI::App& app);

} // namespace teehost::cli
