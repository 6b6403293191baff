// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/settings/settings.h"

namespace teehost::plugin {

/// For memory that could be plugged into a VM later, by qemu.memory.slots and qemu.memory.max. Firmware keeps
/// addresses for it free, and so measures it.
struct MemoryRoom {
    std::uint32_t slots = 0; ///< 0: none
    std::uint64_t maxBytes = 0;
};
[[nodiscard]] inline MemoryRoom memoryRoom(const settings::Settings& settings, std::uint64_t memoryBytes)
{
    const auto slots = settings.number("qemu.memory.slots");
    const auto most = settings.number("qemu.memory.max");
    return slots > 0 && most > memoryBytes ? MemoryRoom{static_cast<std::uint32_t>(slots), most}
                                           : MemoryRoom{0, memoryBytes};
}

} // namespace teehost::plugin
