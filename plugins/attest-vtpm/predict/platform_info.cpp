// SPDX-License-Identifier: Apache-2.0
#include "predict/platform_info.h"

#include <algorithm>
#include <bit>

#include <teehost/kit/input_error.h>

namespace teehost::vtpm {
namespace {

constexpr std::uint64_t kGiB = 1ull << 30;
constexpr std::uint64_t kFourGiB = 4 * kGiB;
constexpr std::uint64_t kMostExaminedTop = 256 * kGiB; // of the addresses of memory
constexpr std::uint32_t kFewestAddressBits = 36, kMostAddressBits = 52;
constexpr std::uint32_t kMostUsedAddressBits = 47;    // no more than four levels of page tables
constexpr std::uint64_t kClassicMmioSize = 32 * kGiB; // PcdPciMmio64Size
constexpr std::uint32_t kTsegMiB = 16;                // PcdQ35TsegMbytes of builds with SMM_REQUIRE
// ACPI timers of QEMU's chipsets: the power management block (PMBASE) that OVMF sets up, and 8.
constexpr std::uint16_t kIch9Timer = 0x600 + 8, kPiix4Timer = 0xB000 + 8;
constexpr std::size_t kPlatformInfoBytes = 0x74;
constexpr std::size_t kMemoryTypeEntry = 8;                    // EFI_MEMORY_TYPE_INFORMATION: type, pages
constexpr std::size_t kMemoryTypeBytes = 6 * kMemoryTypeEntry; // five, and the terminator

/// Little endian numbers at offsets of the global.
class Fields {
public:
    explicit Fields(std::span<std::uint8_t> bytes) : bytes_(bytes) {}

    void u8(std::size_t at, std::uint64_t value) { put(at, value, 1); }
    void u16(std::size_t at, std::uint64_t value) { put(at, value, 2); }
    void u32(std::size_t at, std::uint64_t value) { put(at, value, 4); }
    void u64(std::size_t at, std::uint64_t value) { put(at, value, 8); }

private:
    void put(std::size_t at, std::uint64_t value, std::size_t size)
    {
        for (std::size_t i = 0; i < size; ++i)
            bytes_[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    std::span<std::uint8_t> bytes_;
};

/// The part of the address space below 4 GiB that is not cached, and where 32-bit MMIO and I/O ports start.
void writeLowWindows(Fields& out, const MachineShape& shape)
{
    const std::uint64_t low = shape.lowMemory();
    if (shape.board == Board::Q35) {
        out.u16(0x00, 0x29C0);      // HostBridgeDevId
        out.u32(0x1D, 0x8000'0000); // Uc32Base
        out.u32(0x21, 0); // Uc32Size: variable MTRRs from Uc32Base to 4 GiB need no size of their own
        out.u32(0x3E, 0xC000'0000); // PcdPciMmio32Base: above the extended configuration space
        out.u32(0x42, 0x3C00'0000);
        out.u64(0x46, 0x6000); // PcdPciIoBase
        out.u64(0x4E, 0xA000);
        return;
    }
    const std::uint64_t size = std::bit_floor(kFourGiB - low);
    out.u16(0x00, 0x1237);
    out.u32(0x1D, kFourGiB - size);
    out.u32(0x21, size);
    out.u32(0x3E, kFourGiB - size); // PcdPciMmio32Base, to the I/O APIC
    out.u32(0x42, 0xFC00'0000 - (kFourGiB - size));
    out.u64(0x46, 0xC000);
    out.u64(0x4E, 0x4000);
}

/// Returns the place that the firmware would give 64-bit MMIO, were it not for the address bits: above
/// memory, aligned to its size.
std::uint64_t classicMmioBase(const MachineShape& shape)
{
    const auto alignedUp = [](std::uint64_t value, std::uint64_t to) { return (value + to - 1) / to * to; };
    std::uint64_t top = kFourGiB + shape.memoryBytes - shape.lowMemory();
    if (shape.hotplugBytes != 0) // etc/reserved-memory-end
        top = alignedUp(alignedUp(top, kGiB) + shape.hotplugBytes, kGiB);
    return alignedUp(top, kClassicMmioSize);
}

/// PlatformAddressWidthFromCpuid: what QEMU shows by default is nothing to rely on, but for AMD, whose CPUs
/// with 40 bits are real; and few bits leave no room for a larger window.
bool reliesOnAddressBits(const MachineShape& shape)
{
    if (shape.vendor == CpuVendor::Amd)
        return shape.physicalAddressBits >= 40;
    return shape.physicalAddressBits >= 39 && shape.physicalAddressBits != 40;
}

void writeHighWindow(Fields& out, const MachineShape& shape)
{
    const std::uint64_t classic = classicMmioBase(shape);
    const std::uint64_t end = classic + kClassicMmioSize;
    out.u64(0x14, end); // FirstNonAddress
    if (!reliesOnAddressBits(shape)) {
        const auto bits = static_cast<std::uint32_t>(std::bit_width(end - 1));
        out.u8(0x1C, std::max(kFewestAddressBits, bits)); // PhysMemAddressWidth
        out.u64(0x2E, classic);                           // PcdPciMmio64Base
        out.u64(0x36, kClassicMmioSize);
        return;
    }
    const std::uint32_t bits = std::min(shape.physicalAddressBits, kMostUsedAddressBits);
    const std::uint64_t space = 1ull << bits, window = space / 8;
    out.u8(0x1C, bits);
    out.u64(0x2E, space - window);
    out.u64(0x36, window);
}

void writeMemory(Fields& out, const FirmwareBuild& build, const MachineShape& shape)
{
    const std::uint64_t tseg = build.needsSmm ? kTsegMiB << 20 : 0;
    const std::uint64_t s3Size =
        0x8'0000 + 0x8000ull * shape.maxVcpus; // memory kept for resuming, by the CPU
    out.u32(0x5E, shape.vcpus);
    out.u32(0x62, shape.maxVcpus);
    out.u32(0x66, 64);                                // PcdCpuApStackSize and the like: constant
    out.u32(0x6A, shape.lowMemory() - tseg - s3Size); // S3AcpiReservedMemoryBase
    out.u32(0x6E, s3Size);
}

void writePlatformInfo(std::span<std::uint8_t> global, const FirmwareBuild& build, const MachineShape& shape)
{
    Fields out(global);
    writeLowWindows(out, shape);
    out.u8(0x0F, 1);                              // S3Supported
    out.u8(0x10, build.needsSmm ? 1 : 0);         // SmmSmramRequire
    out.u8(0x11, build.needsSmm ? 1 : 0);         // Q35SmramAtDefaultSmbase
    out.u16(0x12, build.needsSmm ? kTsegMiB : 0); // Q35TsegMbytes
    writeHighWindow(out, shape);
    writeMemory(out, build, shape);
    out.u8(0x72, 1);
    out.u8(0x73, 1);
}

/// A global that nobody has written to yet.
std::span<std::uint8_t> emptyAt(std::span<std::uint8_t> pei_volume, std::size_t at, std::size_t size)
{
    if (pei_volume.size() < at + size || !kit::isZero(pei_volume.subspan(at, size)))
        throw kit::InputError("bad_firmware_volume",
                              "the firmware has no room for what it learns of the platform", at);
    return pei_volume.subspan(at, size);
}

} // namespace

std::optional<std::string> unpredictableShape(const FirmwareBuild& build, const MachineShape& shape)
{
    if (build.needsSmm && (shape.board != Board::Q35 || !shape.smm))
        return "this firmware starts on q35 with system management mode only";
    if (!build.pei || !build.pei->platformInfo) // then little of the machine is written
        return std::nullopt;
    if (shape.memoryBytes % (1u << 20) != 0 || shape.memoryBytes < (128u << 20))
        return "memory of " + std::to_string(shape.memoryBytes) +
               " bytes was not examined with this firmware";
    if (kFourGiB + shape.memoryBytes - shape.lowMemory() > kMostExaminedTop)
        return "memory up to such addresses was not examined with this firmware";
    if (shape.physicalAddressBits < kFewestAddressBits || shape.physicalAddressBits > kMostAddressBits)
        return "CPUs with " + std::to_string(shape.physicalAddressBits) +
               " bits of physical address were not examined with this firmware";
    if (shape.vcpus == 0 || shape.maxVcpus < shape.vcpus || shape.maxVcpus > 1024)
        return std::to_string(shape.vcpus) + " of " + std::to_string(shape.maxVcpus) +
               " vCPUs are no machine";
    return std::nullopt;
}

void writeMachine(std::span<std::uint8_t> pei_volume, const FirmwareBuild& build, const MachineShape& shape)
{
    const PeiWrites& writes = build.pei.value();
    if (writes.platformInfo)
        writePlatformInfo(emptyAt(pei_volume, *writes.platformInfo, kPlatformInfoBytes), build, shape);
    if (writes.acpiTimer)
        Fields(emptyAt(pei_volume, *writes.acpiTimer, sizeof(std::uint16_t)))
            .u16(0, shape.board == Board::Q35 ? kIch9Timer : kPiix4Timer);
}

std::optional<std::string> writeMemoryTypes(std::span<std::uint8_t> pei_volume, const PeiWrites& writes,
                                            kit::ByteView variable)
{
    if (!writes.memoryTypes || variable.empty())
        return std::nullopt;
    const std::size_t at = *writes.memoryTypes;
    if (pei_volume.size() < at + kMemoryTypeBytes)
        throw kit::InputError("bad_firmware_volume", "the firmware has no table of memory types", at);
    const auto table = pei_volume.subspan(at, kMemoryTypeBytes);
    bool same = variable.size() == table.size();
    for (std::size_t i = 0; same && i < table.size(); i += kMemoryTypeEntry)
        same =
            kit::equal(table.subspan(i, 4), variable.subspan(i, 4)); // the type; the number of pages follows
    if (!same)
        return "the variable MemoryTypeInformation has other memory types than this firmware's own";
    std::copy(variable.begin(), variable.end(), table.begin());
    return std::nullopt;
}

} // namespace teehost::vtpm
