// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace teehost::vtpm {

/// Why it is not known what this QEMU ("7.2.22") does to a kernel's header; nothing when it is.
[[nodiscard]] std::optional<std::string> unpredictableQemu(std::string_view version);

} // namespace teehost::vtpm
