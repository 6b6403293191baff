// SPDX-License-Identifier: Apache-2.0
//
// Files named on the command line, read whole and never beyond a limit: certificates, keys, tokens, evidence.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace teehost::cli {

/// No certificate chain, key or token comes near this; what is larger is the wrong file.
constexpr std::size_t kMaxSmallFileBytes = 1u << 20;
/// Evidence and collateral: what a plugin may be given at most (plugin.h, "Limits").
constexpr std::size_t kMaxEvidenceBytes = 16u << 20;

/// The content of the file given to `option` ("--server-ca"). Throws UsageFailure that names both.
[[nodiscard]] std::string readSmallFile(const std::filesystem::path& path, std::string_view option);

/// The same up to `limit`; "-" is standard input.
[[nodiscard]] std::string readFileOrInput(const std::filesystem::path& path, std::string_view option,
                                          std::size_t limit);

} // namespace teehost::cli
