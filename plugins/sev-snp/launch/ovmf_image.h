// SPDX-License-Identifier: Apache-2.0
//
// What an OVMF image says of itself to whoever launches it under SEV: a table of GUIDed entries that ends
// below the reset vector (edk2, OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm), one of which leads to the SEV
// metadata (OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm).
#pragma once

#include <optional>
#include <vector>

#include <teehost/kit/bytes.h>

namespace teehost::sev_snp {

/// OVMF_SECTION_TYPE of the metadata.
enum class SectionType : std::uint32_t {
    SecMemory = 1,
    Secrets = 2,
    Cpuid = 3,
    SvsmCaa = 4,
    KernelHashes = 0x10
};

/// Guest memory that is prepared before the firmware runs.
struct MetadataSection {
    std::uint32_t gpa = 0;
    std::uint32_t size = 0; ///< bytes, whole pages
    SectionType type = SectionType::SecMemory;
};

/// Where the hashes of kernel, initrd and command line are put.
struct HashTableArea {
    std::uint32_t base = 0; ///< guest physical
    std::uint32_t size = 0;
};

/// A view of the image, which must outlive it.
struct OvmfImage {
    /// Reads the tables. InputError: bad_firmware_size, no_ovmf_table, bad_sev_metadata,
    /// unknown_section_type.
    [[nodiscard]] static OvmfImage parse(kit::ByteView image);

    kit::ByteView bytes;
    bool hasSevMetadata = false;
    std::vector<MetadataSection> sections; ///< in the order they are measured
    std::optional<std::uint32_t> apResetEip;
    std::optional<HashTableArea> hashTable; ///< none when the firmware does not take hashes

    [[nodiscard]] const MetadataSection* find(SectionType type) const noexcept;
    /// Of the image's first byte: QEMU maps it to end at 4 GiB.
    [[nodiscard]] std::uint64_t baseGpa() const noexcept { return (std::uint64_t{1} << 32) - bytes.size(); }
};

/// The largest image that is read.
inline constexpr std::size_t kMaxFirmwareBytes = 64u << 20;

} // namespace teehost::sev_snp
