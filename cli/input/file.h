// SPDX-License-Identifier: Apache-2.0
//
// Small files named on the command line: certificates, keys, tokens.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace teehost::cli {

/// No certificate chain, key or token comes near this; what is larger is the wrong file.
constexpr std::size_t kMaxSmallFileBytes = 1u << 20;

/// The content of the file given to `option` ("--server-ca"). Throws UsageFailure that names both.
[[nodiscard]] std::string readSmallFile(const std::filesystem::path& path, std::string_view option);

} // namespace teehost::cli
