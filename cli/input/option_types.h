// SPDX-License-Identifier: Apache-2.0
//
// Options whose values are checked while the command line is read, so that a mistake is told with the
// option's name and before anything is done.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace teehost::cli {

/// See parseDuration.
CLI::Option* addDuration(CLI::App& app, const std::string& name,
                         std::optional<std::chrono::nanoseconds>& target, const std::string& help);
/// See parseSize.
CLI::Option* addSize(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& target,
                     const std::string& help);

/// A whole number from `least` to `most`; a refusal names the option and that range.
CLI::Option* addNumber(CLI::App& app, const std::string& name, std::optional<std::uint32_t>& target,
                       std::uint32_t least, std::uint32_t most, const std::string& help);

/// Lets no option of the program, and of its commands, take text that is not UTF-8: the daemon's API cannot
/// carry it. Names of files on this machine are left alone.
void requireUtf8(CLI::App& app);

} // namespace teehost::cli
