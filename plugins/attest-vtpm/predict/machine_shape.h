// SPDX-License-Identifier: Apache-2.0
//
// The machine as far as it reaches a PCR.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <teehost/kit/board.h>

namespace teehost::vtpm {

using kit::Board;
using kit::boardOf;

/// As the VM's CPUID tells. OVMF believes an Intel CPU with 40 bits no more than the VM's default value.
enum class CpuVendor { Amd, Intel };

/// "AuthenticAMD", "GenuineIntel"
[[nodiscard]] std::string_view nameOf(CpuVendor vendor) noexcept;
[[nodiscard]] std::optional<CpuVendor> vendorNamed(std::string_view name) noexcept;

struct MachineShape {
    Board board = Board::Q35;
    std::uint64_t memoryBytes = 0;
    std::uint32_t vcpus = 1;
    std::uint32_t maxVcpus = 1;
    CpuVendor vendor = CpuVendor::Amd;
    std::uint32_t physicalAddressBits = 40;
    bool smm = true;                ///< system management mode; QEMU has it unless told otherwise
    std::uint64_t hotplugBytes = 0; ///< of addresses kept for memory that could be plugged: see hotplugRoom()

    /// Memory below 4 GiB.
    [[nodiscard]] std::uint64_t lowMemory() const noexcept { return kit::lowMemory(board, memoryBytes); }

    bool operator==(const MachineShape&) const = default;
};

/// What QEMU keeps above memory for `max_bytes` in `slots`: a gigabyte a slot is for alignment
/// (hw/i386/pc.c, pc_memory_init; all machine types since 2.2).
[[nodiscard]] constexpr std::uint64_t hotplugRoom(std::uint64_t bytes, std::uint64_t max_bytes,
                                                  std::uint32_t slots) noexcept
{
    return slots == 0 || max_bytes <= bytes ? 0 : max_bytes - bytes + (std::uint64_t{slots} << 30);
}

/// "q35, 1024 MiB, 2 of 2 vCPUs, AuthenticAMD with 40 address bits"
[[nodiscard]] std::string toText(const MachineShape& shape);

} // namespace teehost::vtpm
