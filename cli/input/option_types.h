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

} // namespace teehost::cli
