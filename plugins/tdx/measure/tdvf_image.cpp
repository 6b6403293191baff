// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/tdvf_image.h"

#include <algorithm>
#include <array>

#include <teehost/kit/input_error.h>
#include <teehost/kit/ovmf_table.h>
#include <teehost/kit/reader.h>

namespace teehost::tdx {
namespace {

constexpr kit::Guid kTdxMetadata = kit::uefiGuid("e47a6535-984a-4798-865e-4685a7bf8ec2");
constexpr std::size_t kDescriptorHeader = 16, kSectionEntry = 32;
constexpr std::uint32_t kVersion = 1, kFewestSections = 2;
constexpr std::uint32_t kLastType = 8;
// Pages are hashed one by one: without a bound a small image could ask for hours of it. Real ones have some
// MiB.
constexpr std::uint64_t kMostMeasuredBytes = 1u << 30;

using Refusal = kit::InputError;

std::string hex(std::uint64_t number) { return kit::hexNumber(number); }

/// Offset of the descriptor.
std::size_t findDescriptor(kit::ByteView image)
{
    kit::OvmfTable table(image, {"TDVF_NO_FOOTER", "TDVF_GUID_TABLE"});
    while (const auto entry = table.next()) {
        if (entry->guid != kTdxMetadata)
            continue;
        if (entry->data.size() != sizeof(std::uint32_t))
            throw Refusal("TDVF_GUID_TABLE",
                          "the firmware's entry for TDX has " + std::to_string(entry->data.size()) +
                              " bytes instead of 4",
                          entry->offset);
        const std::uint32_t fromEnd = kit::Reader(entry->data, "OVMF table").u32();
        if (fromEnd > image.size() || fromEnd < kDescriptorHeader)
            throw Refusal("TDVF_RANGE",
                          "the TDX metadata are outside the image: " + hex(fromEnd) + " bytes before its end",
                          entry->offset);
        return image.size() - fromEnd;
    }
    throw Refusal("TDVF_NO_METADATA", "the firmware's table has no entry for TDX: it is not built for TDX");
}

TdvfSection readSection(kit::Reader& in)
{
    const std::size_t offset = in.offset();
    TdvfSection section;
    section.dataOffset = in.u32();
    section.rawSize = in.u32();
    section.address = in.u64();
    section.size = in.u64();
    const std::uint32_t type = in.u32();
    section.attributes = in.u32();
    if (type > kLastType)
        throw Refusal("TDVF_SECTION", "a section of the unknown type " + std::to_string(type), offset);
    section.type = static_cast<SectionType>(type);
    return section;
}

/// What is wrong with a section's place in memory, or with what it has in the file; empty when nothing is.
std::string faultOf(const TdvfSection& section)
{
    if (section.address % kPageSize != 0 || section.size % kPageSize != 0)
        return "is not made of pages of 4096 bytes";
    if (section.size > UINT64_MAX - section.address)
        return "ends beyond any address";
    if (section.rawSize > section.size)
        return "has more bytes in the image, " + hex(section.rawSize) + ", than in memory";
    const bool isVolume = section.type == SectionType::Bfv || section.type == SectionType::Cfv;
    if (isVolume && section.rawSize == 0)
        return "has no bytes in the image";
    const bool isBlank = section.type == SectionType::TdHob || section.type == SectionType::TempMem;
    if (isBlank && section.rawSize != 0)
        return "has bytes in the image, which it must not";
    return {};
}

void checkSection(const TdvfSection& section, kit::ByteView image, std::size_t offset)
{
    const std::string what = "the section " + std::string(nameOf(section.type)) + " of " + hex(section.size) +
                             " bytes at " + hex(section.address) + " ";
    if (const std::string fault = faultOf(section); !fault.empty())
        throw Refusal("TDVF_SECTION", what + fault, offset);
    if (section.dataOffset > image.size() || section.rawSize > image.size() - section.dataOffset)
        throw Refusal("TDVF_RANGE",
                      what + "takes " + hex(section.rawSize) + " bytes from " + hex(section.dataOffset) +
                          " on, in an image of " + hex(image.size()) +
                          "; is it the code half of a firmware that comes in two files?",
                      offset);
}

void checkAll(const std::vector<TdvfSection>& sections, std::size_t offset)
{
    std::uint64_t measured = 0;
    for (const TdvfSection& section : sections) {
        if (section.isAddedLater())
            continue;
        if (section.size > kMostMeasuredBytes - measured)
            throw Refusal("TDVF_SECTION", "the sections have more than 1 GiB to be measured", offset);
        measured += section.size;
    }
    const auto hobs = std::count_if(sections.begin(), sections.end(),
                                    [](const auto& one) { return one.type == SectionType::TdHob; });
    if (hobs != 1)
        throw Refusal("TDVF_SECTION", std::to_string(hobs) + " sections of the type TD_HOB instead of one",
                      offset);
}

std::optional<std::string> refusalOfQemu(const std::vector<TdvfSection>& sections)
{
    for (const TdvfSection& section : sections)
        if (section.type >= SectionType::PermMem)
            return "QEMU takes no section of the type " + std::string(nameOf(section.type));
    return std::nullopt;
}

} // namespace

std::string_view nameOf(SectionType type) noexcept
{
    constexpr std::array<std::string_view, kLastType + 1> kNames{
        "BFV", "CFV", "TD_HOB", "TempMem", "PermMem", "Payload", "PayloadParam", "TD_INFO", "TD_PARAMS"};
    return kNames.at(static_cast<std::size_t>(type));
}

TdvfImage TdvfImage::parse(kit::ByteView image)
{
    TdvfImage out;
    out.bytes = image;
    out.metadataOffset = findDescriptor(image);
    kit::Reader in(image, "TDX metadata");
    in.skip(out.metadataOffset);
    if (!kit::equal(in.bytes(4), kit::viewOf("TDVF")))
        throw Refusal("TDVF_SIGNATURE", "the TDX metadata lack their signature", out.metadataOffset);
    const std::uint32_t length = in.u32(), version = in.u32(), count = in.u32();
    if (version != kVersion)
        throw Refusal("TDVF_VERSION", "the TDX metadata have the unknown version " + std::to_string(version),
                      out.metadataOffset);
    if (count < kFewestSections || length != kDescriptorHeader + std::uint64_t{kSectionEntry} * count)
        throw Refusal("TDVF_LENGTH",
                      "the TDX metadata have " + std::to_string(count) + " sections in " +
                          std::to_string(length) + " bytes",
                      out.metadataOffset);
    if (length > image.size() - out.metadataOffset)
        throw Refusal("TDVF_RANGE",
                      "the TDX metadata of " + std::to_string(length) + " bytes end beyond the image",
                      out.metadataOffset);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::size_t offset = in.offset();
        out.sections.push_back(readSection(in));
        checkSection(out.sections.back(), image, offset);
    }
    checkAll(out.sections, out.metadataOffset);
    out.qemuRefuses = refusalOfQemu(out.sections);
    return out;
}

const TdvfSection* TdvfImage::find(SectionType type) const noexcept
{
    const auto found =
        std::find_if(sections.begin(), sections.end(), [type](const auto& one) { return one.type == type; });
    return found == sections.end() ? nullptr : &*found;
}

} // namespace teehost::tdx
