// SPDX-License-Identifier: Apache-2.0
//
// What a declared option looks like from outside: read by the help and by the shell completion, so that both
// always say what the parser does.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace teehost::cli {

struct OptionSpec {
    std::vector<std::string> names;   ///< "-o", "--output"; for a positional its placeholder
    std::string value;                ///< placeholder of the value, "FILE"; empty for a flag
    std::vector<std::string> choices; ///< what the value may be, when that is a list
    bool repeatable = false;
};

[[nodiscard]] OptionSpec describeOption(const CLI::Option& option);

/// The options of `app` that are shown, in the order they were declared.
[[nodiscard]] std::vector<const CLI::Option*> visibleOptions(const CLI::App& app);
[[nodiscard]] std::vector<const CLI::Option*> visiblePositionals(const CLI::App& app);

} // namespace teehost::cli
