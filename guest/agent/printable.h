// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace teehost::guest {

/// `text` for one console line: every byte outside printable ASCII, and the backslash, as \xNN, and cut with
/// "..." past `limit` bytes of input. What the host hands over may otherwise forge lines or drive the
/// reader's terminal.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 128);

} // namespace teehost::guest
