// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace teehost {

/// Writes all of it, however often it is interrupted; false at the first failure, with errno saying why.
[[nodiscard]] bool writeAll(int fd, std::string_view bytes) noexcept;

} // namespace teehost
