// SPDX-License-Identifier: Apache-2.0
#include "predict/machine_shape.h"

namespace teehost::vtpm {

std::string_view nameOf(Board board) noexcept { return board == Board::Q35 ? "q35" : "pc"; }

std::string_view nameOf(CpuVendor vendor) noexcept
{
    return vendor == CpuVendor::Amd ? "AuthenticAMD" : "GenuineIntel";
}

std::optional<CpuVendor> vendorNamed(std::string_view name) noexcept
{
    for (const CpuVendor vendor : {CpuVendor::Amd, CpuVendor::Intel})
        if (name == nameOf(vendor))
            return vendor;
    return std::nullopt;
}

std::optional<Board> boardOf(std::string_view machine) noexcept
{
    if (machine == "q35" || machine.starts_with("pc-q35-"))
        return Board::Q35;
    if (machine == "pc" || machine.starts_with("pc-i440fx-"))
        return Board::Pc;
    return std::nullopt;
}

std::uint64_t MachineShape::lowMemory() const noexcept
{
    const bool q35 = board == Board::Q35;
    const std::uint64_t limit = q35 ? 0xB000'0000 : 0xE000'0000;
    const std::uint64_t split = q35 ? 0x8000'0000 : 0xC000'0000;
    return memoryBytes < limit ? memoryBytes : split;
}

std::string toText(const MachineShape& shape)
{
    return std::string(nameOf(shape.board)) + ", " + std::to_string(shape.memoryBytes >> 20) + " MiB, " +
           std::to_string(shape.vcpus) + " of " + std::to_string(shape.maxVcpus) + " vCPUs, " +
           std::string(nameOf(shape.vendor)) + " with " + std::to_string(shape.physicalAddressBits) +
           " address bits" +
           (shape.hotplugBytes == 0
                ? ""
                : ", room for " + std::to_string(shape.hotplugBytes >> 20) + " MiB more") +
           (shape.smm ? "" : ", no SMM");
}

} // namespace teehost::vtpm
