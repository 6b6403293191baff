// SPDX-License-Identifier: Apache-2.0
#include "launch/ovmf_image.h"

#include <algorithm>
#include <string>

#include <teehost/kit/ovmf_table.h>
#include <teehost/kit/reader.h>

#include "guid.h"
#include "input_error.h"
#include "launch/page_chain.h"

namespace teehost::sev_snp {
namespace {

constexpr Guid kSevEsResetBlock = uefiGuid("00f771de-1a7e-4fcb-890e-68c77e2fb44e");
constexpr Guid kSevHashTable = uefiGuid("7255371f-3a3b-4b04-927b-1da6efa8d454");
constexpr Guid kSevMetadata = uefiGuid("dc886566-984a-4798-a75e-5585a7bf67cc");

constexpr std::uint32_t kMetadataVersion = 1;
constexpr std::size_t kMetadataHeader = 16;
constexpr std::size_t kMetadataItem = 12;
// Sections are chained page by page: without a bound a small image could ask for hours of it. Real ones have
// less than 1 MiB.
constexpr std::uint64_t kMostSectionBytes = 1u << 30;

using Entry = kit::OvmfTable::Entry;

std::uint32_t u32Of(const Entry& entry, std::size_t index, std::string_view reason)
{
    if (entry.data.size() < (index + 1) * sizeof(std::uint32_t))
        throw InputError(reason, "an entry of the firmware's table is too short", entry.offset);
    return kit::Reader(entry.data.subspan(index * sizeof(std::uint32_t)), "OVMF table").u32();
}

SectionType sectionType(std::uint32_t number, std::size_t offset)
{
    switch (const auto type = static_cast<SectionType>(number)) {
    case SectionType::SecMemory:
    case SectionType::Secrets:
    case SectionType::Cpuid:
    case SectionType::SvsmCaa:
    case SectionType::KernelHashes:
        return type;
    }
    // QEMU would measure it as zeros. What nobody can explain is not predicted.
    throw InputError("unknown_section_type",
                     "the SEV metadata has a section of the unknown type " + kit::hexNumber(number), offset);
}

MetadataSection readSection(kit::Reader& in)
{
    const std::size_t offset = in.offset();
    MetadataSection section{in.u32(), in.u32(), {}};
    section.type = sectionType(in.u32(), offset);
    const bool onePage = section.type == SectionType::Secrets || section.type == SectionType::Cpuid ||
                         section.type == SectionType::KernelHashes;
    if (section.gpa % kPageSize != 0 || section.size % kPageSize != 0 || section.size == 0 ||
        section.size > UINT32_MAX - section.gpa || (onePage && section.size != kPageSize))
        throw InputError("bad_sev_metadata",
                         "a section of the SEV metadata has the address " + kit::hexNumber(section.gpa) +
                             " and the size " + kit::hexNumber(section.size),
                         offset);
    return section;
}

std::vector<MetadataSection> readMetadata(kit::ByteView image, std::uint32_t from_end)
{
    if (from_end < kMetadataHeader || from_end > image.size())
        throw InputError("bad_sev_metadata", "the SEV metadata are outside the image: " +
                                                 kit::hexNumber(from_end) + " bytes before its end");
    const std::size_t start = image.size() - from_end;
    kit::Reader in(image, "SEV metadata");
    in.skip(start);
    const kit::ByteView signature = in.bytes(4);
    const std::uint32_t length = in.u32(), version = in.u32(), count = in.u32();
    if (!kit::equal(signature, kit::viewOf("ASEV")))
        throw InputError("bad_sev_metadata", "the SEV metadata lack their signature", start);
    if (version != kMetadataVersion)
        throw InputError("bad_sev_metadata",
                         "the SEV metadata have the unknown version " + std::to_string(version), start);
    if (length > from_end || (length - kMetadataHeader) % kMetadataItem != 0 || length < kMetadataHeader ||
        (length - kMetadataHeader) / kMetadataItem != count)
        throw InputError("bad_sev_metadata",
                         "the SEV metadata have " + std::to_string(count) + " items in " +
                             std::to_string(length) + " bytes",
                         start);
    std::vector<MetadataSection> sections;
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        sections.push_back(readSection(in));
        bytes += sections.back().size;
        if (bytes > kMostSectionBytes)
            throw InputError("bad_sev_metadata", "the sections of the SEV metadata have more than 1 GiB",
                             in.offset());
    }
    return sections;
}

/// Of two entries with the same GUID the one nearer to the end counts.
void take(const Entry& entry, OvmfImage& out)
{
    if (entry.guid == kSevEsResetBlock && !out.apResetEip) {
        out.apResetEip = u32Of(entry, 0, "no_reset_block");
    } else if (entry.guid == kSevHashTable && !out.hashTable) {
        const HashTableArea area{u32Of(entry, 0, "no_kernel_hashes_section"),
                                 u32Of(entry, 1, "no_kernel_hashes_section")};
        if (area.base != 0 && area.size != 0)
            out.hashTable = area;
    } else if (entry.guid == kSevMetadata && !out.hasSevMetadata) {
        out.hasSevMetadata = true;
        out.sections = readMetadata(out.bytes, u32Of(entry, 0, "bad_sev_metadata"));
    }
}

} // namespace

OvmfImage OvmfImage::parse(kit::ByteView image)
{
    if (image.size() < kPageSize || image.size() % kPageSize != 0 || image.size() > kMaxFirmwareBytes)
        throw InputError("bad_firmware_size", "a firmware image of " + std::to_string(image.size()) +
                                                  " bytes: it must be whole pages of 4096, at most 64 MiB");
    OvmfImage out;
    out.bytes = image;
    kit::OvmfTable table(image, {"no_ovmf_table", "no_ovmf_table"});
    while (const auto entry = table.next())
        withReason("bad_sev_metadata", [&] { take(*entry, out); });
    return out;
}

const MetadataSection* OvmfImage::find(SectionType type) const noexcept
{
    const auto it =
        std::find_if(sections.begin(), sections.end(), [&](const auto& s) { return s.type == type; });
    return it == sections.end() ? nullptr : &*it;
}

} // namespace teehost::sev_snp
