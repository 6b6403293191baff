// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace teehost::cli {

/// RFC 4648, section 4, with padding, as the JSON form of protobuf has it.
[[nodiscard]] std::string toBase64(std::string_view bytes);

} // namespace teehost::cli
