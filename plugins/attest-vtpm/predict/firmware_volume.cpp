// SPDX-License-Identifier: Apache-2.0
#include "predict/firmware_volume.h"

#include <vector>

#include <teehost/kit/guid.h>
#include <teehost/kit/input_error.h>

#include "predict/lzma_section.h"

namespace teehost::vtpm {
namespace {

// EFI_GUIDED_SECTION_TOOLS of edk2's LzmaCompress (MdeModulePkg, gLzmaCustomDecompressGuid).
constexpr kit::Guid kLzma = kit::uefiGuid("ee4e5898-3914-4259-9d6e-dc7bd79403cf");
constexpr std::size_t kFileHeader = 24, kLargeFileHeader = 32; // EFI_FFS_FILE_HEADER, ..._HEADER2
constexpr std::uint8_t kLargeFile = 0x01;                      // FFS_ATTRIB_LARGE_FILE
constexpr std::uint8_t kFileVolumeImage = 0x0B;                // EFI_FV_FILETYPE_FIRMWARE_VOLUME_IMAGE
constexpr std::uint8_t kSectionGuidDefined = 0x02, kSectionVolumeImage = 0x17;
constexpr std::size_t kSectionHeader = 4, kLargeSectionHeader = 8;
constexpr std::uint32_t kLarge = 0xFF'FFFF; // a size of 24 bits that says: see the 32 bits after it
constexpr std::size_t kVolumeLength = 32, kVolumeSignature = 40, kVolumeHeaderLength = 48;
constexpr std::size_t kMostParts = 4096; // files of a volume, sections of a file

[[noreturn]] void refuse(const std::string& why, std::size_t offset)
{
    throw kit::InputError("bad_firmware_volume", "the firmware " + why, offset);
}

std::uint32_t u24(kit::Reader& in)
{
    const std::uint32_t low = in.u16();
    return low | static_cast<std::uint32_t>(in.u8()) << 16;
}

constexpr std::size_t alignUp(std::size_t value, std::size_t to) { return (value + to - 1) / to * to; }

/// Bytes of some input, and where they start in it.
struct Piece {
    kit::ByteView bytes;
    std::size_t offset;

    [[nodiscard]] kit::Reader at(std::size_t where) const
    {
        kit::Reader in(bytes, "firmware volume");
        in.skip(where);
        return in;
    }
    [[nodiscard]] Piece from(std::size_t where) const { return {bytes.subspan(where), offset + where}; }
    [[nodiscard]] Piece first(std::size_t count) const { return {bytes.first(count), offset}; }
};

struct Section {
    std::uint8_t type;
    Piece whole;   ///< with its header
    Piece content; ///< without
};

/// Sections stand one behind the other, aligned to four bytes from the first.
std::vector<Section> sectionsOf(const Piece& piece)
{
    std::vector<Section> out;
    for (std::size_t at = 0; at + kSectionHeader <= piece.bytes.size() && out.size() < kMostParts;) {
        kit::Reader in = piece.at(at);
        std::size_t size = u24(in), header = kSectionHeader;
        const std::uint8_t type = in.u8();
        if (size == kLarge) {
            size = in.u32();
            header = kLargeSectionHeader;
        }
        if (size < header || size > piece.bytes.size() - at)
            refuse("has a section of " + std::to_string(size) + " bytes", piece.offset + at);
        const Piece whole = piece.from(at).first(size);
        out.push_back({type, whole, whole.from(header)});
        at = alignUp(at + size, 4);
    }
    return out;
}

struct File {
    std::uint8_t type;
    Piece content;
};

/// Files stand one behind the other, aligned to eight bytes; free space is all ones.
std::vector<File> filesOf(const Piece& volume)
{
    std::vector<File> out;
    std::size_t at = volume.at(kVolumeHeaderLength).u16();
    while (at + kFileHeader <= volume.bytes.size() && out.size() < kMostParts) {
        kit::Reader in = volume.at(at);
        in.skip(sizeof(kit::Guid) + 2); // name, checksums
        const std::uint8_t type = in.u8(), attributes = in.u8();
        std::size_t size = u24(in), header = kFileHeader;
        if (type == 0xFF && size == kLarge)
            break;
        in.skip(1); // state
        if ((attributes & kLargeFile) != 0) {
            size = static_cast<std::size_t>(std::min<std::uint64_t>(in.u64(), SIZE_MAX));
            header = kLargeFileHeader;
        }
        if (size < header || size > volume.bytes.size() - at)
            refuse("has a file of " + std::to_string(size) + " bytes", volume.offset + at);
        out.push_back({type, volume.from(at).first(size).from(header)});
        at = alignUp(at + size, 8);
    }
    return out;
}

/// A volume at the start of `piece`, as long as it says.
Piece volumeAt(const Piece& piece)
{
    const std::uint64_t length = piece.at(kVolumeLength).u64();
    if (!kit::equal(piece.at(kVolumeSignature).bytes(4), kit::viewOf("_FVH")))
        refuse("has no volume where one should start", piece.offset);
    if (length > piece.bytes.size() || length < kVolumeHeaderLength + 2)
        refuse("has a volume of " + std::to_string(length) + " bytes", piece.offset);
    return piece.first(static_cast<std::size_t>(length));
}

Piece compressedSection(const Piece& volume)
{
    for (const File& file : filesOf(volume)) {
        if (file.type != kFileVolumeImage)
            continue;
        for (const Section& section : sectionsOf(file.content)) {
            if (section.type != kSectionGuidDefined)
                continue;
            kit::Reader in = section.content.at(0);
            const auto guid = in.array<16>();
            const std::size_t data = in.u16();
            if (guid == kLzma && data <= section.whole.bytes.size())
                return section.whole.from(data);
        }
    }
    refuse("has no section compressed with LZMA", volume.offset);
}

} // namespace

FirmwareVolumes FirmwareVolumes::unpack(kit::ByteView code)
{
    return kit::withReason("bad_firmware_volume", [&] {
        const Piece section = compressedSection(volumeAt({code, 0}));
        FirmwareVolumes out;
        out.unpacked_ = unpackLzma(section.bytes, section.offset);
        std::vector<Extent> found;
        for (const Section& inner : sectionsOf({out.unpacked_, 0}))
            if (inner.type == kSectionVolumeImage) {
                const Piece volume = volumeAt(inner.content);
                found.push_back({volume.offset, volume.bytes.size()});
            }
        if (found.size() != 2)
            refuse("holds " + std::to_string(found.size()) + " compressed volumes, not PEIFV and DXEFV",
                   section.offset);
        out.pei_ = found[0];
        out.dxe_ = found[1];
        return out;
    });
}

} // namespace teehost::vtpm
