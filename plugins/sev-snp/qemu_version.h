// SPDX-License-Identifier: Apache-2.0
//
// What a QEMU of some version can do for SEV-SNP. The version is all a plugin has: it may not run QEMU to
// ask.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace teehost::sev_snp {

struct QemuVersion {
    unsigned major = 0, minor = 0;
    auto operator<=>(const QemuVersion&) const = default;

    /// Of "9.1.2"; nothing for another text, or none.
    [[nodiscard]] static std::optional<QemuVersion> of(std::string_view text) noexcept;
};

inline constexpr QemuVersion kFirstWithSnp{9, 1};   ///< object sev-snp-guest (QEMU 9.1 change log)
inline constexpr QemuVersion kFirstWithIgvm{10, 1}; ///< object igvm-cfg (QEMU 10.1 change log)

} // namespace teehost::sev_snp
