// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/qemu_version.h"

#include <charconv>

namespace teehost::kit {

std::optional<QemuVersion> QemuVersion::of(std::string_view text) noexcept
{
    QemuVersion out;
    const char* const end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, out.major);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.')
        return std::nullopt;
    if (std::from_chars(major.ptr + 1, end, out.minor).ec != std::errc())
        return std::nullopt;
    return out;
}

} // namespace teehost::kit
