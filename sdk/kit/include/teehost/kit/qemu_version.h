// SPDX-License-Identifier: Apache-2.0
//
// What a QEMU of some version can do is asked of its version: a plugin may not run QEMU to see.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace teehost::kit {

struct QemuVersion {
    unsigned major = 0, minor = 0;
    auto operator<=>(const QemuVersion&) const = default;

    /// Of "9.1.2"; nothing for another text, or none.
    [[nodiscard]] static std::optional<QemuVersion> of(std::string_view text) noexcept;
};

} // namespace teehost::kit
