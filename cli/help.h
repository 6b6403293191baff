// SPDX-License-Identifier: Apache-2.0
//
// How `--help` looks: usage, options with wrapped descriptions in the order of importance, global options,
// examples.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace teehost::cli {

class HelpFormatter final : public CLI::Formatter {
public:
    std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

/// "  NAME   text" with `text` wrapped at blanks to 100 columns and hanging at column 30.
[[nodiscard]] std::string helpEntry(const std::string& name, const std::string& text);

} // namespace teehost::cli
