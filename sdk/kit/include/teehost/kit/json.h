// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "teehost/kit/reader.h"

namespace teehost::kit {

using Json = nlohmann::json;

/// Text of others as RFC 8259 has it, at most 32 levels deep. A key that stands twice in one object is
/// refused too: two readers of such a text need not read the same. ParseError, with `what` as the name of the
/// text.
[[nodiscard]] Json parseJson(std::string_view text, std::string_view what);

} // namespace teehost::kit
