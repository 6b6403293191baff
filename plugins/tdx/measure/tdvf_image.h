// SPDX-License-Identifier: Apache-2.0
//
// What a TDX firmware image (TDVF) says of itself to whoever launches it: a descriptor with a list of
// sections (Intel, "TDX Virtual Firmware Design Guide", section 11.2), found through OVMF's GUIDed table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <teehost/kit/bytes.h>

namespace teehost::tdx {

enum class SectionType : std::uint32_t {
    Bfv = 0, ///< boot firmware volume: code
    Cfv = 1, ///< configuration firmware volume: the variable store
    TdHob = 2,
    TempMem = 3,
    PermMem = 4, ///< this and what follows are td-shim's and Cloud Hypervisor's
    Payload = 5,
    PayloadParam = 6,
    TdInfo = 7,
    TdParams = 8
};

/// "BFV", "TD_HOB"
[[nodiscard]] std::string_view nameOf(SectionType type) noexcept;

struct TdvfSection {
    std::uint32_t dataOffset = 0; ///< in the image
    std::uint32_t rawSize = 0;    ///< bytes of the image; the rest of the memory has none
    std::uint64_t address = 0;    ///< guest physical
    std::uint64_t size = 0;       ///< of the memory
    SectionType type = SectionType::Bfv;
    std::uint32_t attributes = 0;

    /// MR.EXTEND: the contents are measured.
    [[nodiscard]] bool isExtended() const noexcept { return (attributes & 1) != 0; }
    /// PAGE.AUG: the pages are added while the TD runs, and not measured at all.
    [[nodiscard]] bool isAddedLater() const noexcept { return (attributes & 2) != 0; }
};

/// A view of the image, which must outlive it.
struct TdvfImage {
    /// InputError TDVF_NO_FOOTER, TDVF_GUID_TABLE, TDVF_NO_METADATA, TDVF_SIGNATURE, TDVF_VERSION,
    /// TDVF_LENGTH, TDVF_RANGE, TDVF_SECTION.
    [[nodiscard]] static TdvfImage parse(kit::ByteView image);

    kit::ByteView bytes;
    std::size_t metadataOffset = 0;         ///< of the descriptor
    std::vector<TdvfSection> sections;      ///< in the table's order, which is that of the measurement
    std::optional<std::string> qemuRefuses; ///< why QEMU would not start it; nothing when it would

    /// The section's bytes of the image.
    [[nodiscard]] kit::ByteView rawOf(const TdvfSection& section) const
    {
        return bytes.subspan(section.dataOffset, section.rawSize);
    }
    /// The first of that type, or null.
    [[nodiscard]] const TdvfSection* find(SectionType type) const noexcept;
};

inline constexpr std::size_t kPageSize = 4096;
/// The largest image that is read.
inline constexpr std::size_t kMaxTdvfBytes = 64u << 20;

} // namespace teehost::tdx
