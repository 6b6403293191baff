// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace teehost {

/// Parses JSON from somebody we do not trust: at most `maxDepth` levels of nesting, nothing after the value.
/// Throws InvalidArgument. The caller bounds the length.
[[nodiscard]] nlohmann::json parseUntrustedJson(std::string_view text, unsigned maxDepth = 32);

} // namespace teehost
