// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace teehost::cli {

/// The command among the words of a command line, the first of which is the program: global options and their
/// values may stand before it. Empty when there is none.
[[nodiscard]] std::string_view commandOf(int argc, const char* const* argv) noexcept;

} // namespace teehost::cli
