// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/pe_authenticode.h"

#include <algorithm>
#include <string>

#include "teehost/kit/input_error.h"

namespace teehost::kit {
namespace {

// Microsoft, "PE Format".
constexpr std::size_t kPeOffset = 0x3C;
constexpr std::uint16_t kPe32 = 0x10B, kPe32Plus = 0x20B;
constexpr std::size_t kCoffHeader = 20, kSectionHeader = 40;
constexpr std::size_t kSizeOfHeaders = 60, kChecksum = 64; // of the optional header
constexpr std::size_t kDirectoriesPe32 = 96, kDirectoriesPe32Plus = 112;
constexpr std::size_t kDirectory = 8, kCertificates = 4; // size of an entry, index of the one
constexpr std::size_t kMostSections = 1024;              // the Windows loader takes 96

[[noreturn]] void refuse(const std::string& why, std::size_t offset)
{
    throw InputError("bad_pe", "the PE image " + why, offset);
}

struct Headers {
    std::size_t checksum;         ///< offset
    std::size_t certificates;     ///< offset of the directory's entry; 0: it has none
    std::size_t certificateBytes; ///< at the end of the image
    std::size_t end;              ///< SizeOfHeaders
    std::size_t sectionTable, sections;
};

Headers readHeaders(ByteView image)
{
    const auto at = [image](std::size_t offset) {
        Reader in(image, "PE image");
        in.skip(offset);
        return in;
    };
    const std::size_t pe = at(kPeOffset).u32();
    Reader in = at(pe);
    if (in.u32() != 0x4550) // "PE\0\0"
        refuse("has no signature", pe);
    in.skip(2);
    Headers out{};
    out.sections = in.u16();
    in.skip(12);
    const std::size_t optionalBytes = in.u16();
    const std::size_t optional = pe + 4 + kCoffHeader;
    const std::uint16_t magic = at(optional).u16();
    if (magic != kPe32 && magic != kPe32Plus)
        refuse("has the unknown optional header " + hexNumber(magic), optional);
    const std::size_t directories = optional + (magic == kPe32 ? kDirectoriesPe32 : kDirectoriesPe32Plus);
    out.checksum = optional + kChecksum;
    out.end = at(optional + kSizeOfHeaders).u32();
    if (at(directories - 4).u32() > kCertificates) {
        out.certificates = directories + kCertificates * kDirectory;
        out.certificateBytes = at(out.certificates + 4).u32();
    }
    out.sectionTable = optional + optionalBytes;
    const std::size_t needed = out.certificates != 0 ? out.certificates + kDirectory : directories;
    if (out.end > image.size() || out.end < needed || out.sections > kMostSections ||
        out.sectionTable > out.end || out.sections * kSectionHeader > out.end - out.sectionTable)
        refuse("has headers of " + hexNumber(out.end) + " bytes for " + std::to_string(out.sections) +
                   " sections",
               optional);
    return out;
}

struct Extent {
    std::size_t offset, size;
};

/// Contents of the sections, in the order in which they stand in the file.
std::vector<Extent> sectionExtents(ByteView image, const Headers& headers)
{
    std::vector<Extent> out;
    Reader table(image, "PE image");
    table.skip(headers.sectionTable);
    for (std::size_t i = 0; i < headers.sections; ++i) {
        const std::size_t offset = table.offset();
        Reader in = table.part(kSectionHeader);
        in.skip(16);
        const std::size_t size = in.u32(), start = in.u32();
        if (size == 0)
            continue;
        if (start > image.size() || size > image.size() - start)
            refuse("has a section that ends beyond it", offset);
        out.push_back({start, size});
    }
    std::stable_sort(out.begin(), out.end(), [](Extent a, Extent b) { return a.offset < b.offset; });
    return out;
}

} // namespace

std::vector<ByteView> authenticodeParts(ByteView image)
{
    return withReason("bad_pe", [&] {
        const Headers headers = readHeaders(image);
        std::vector<ByteView> parts{image.first(headers.checksum)};
        std::size_t from = headers.checksum + 4;
        if (headers.certificates != 0) {
            parts.push_back(image.subspan(from, headers.certificates - from));
            from = headers.certificates + kDirectory;
        }
        parts.push_back(image.subspan(from, headers.end - from));
        std::size_t hashed = headers.end;
        for (const Extent& section : sectionExtents(image, headers)) {
            // Overlapping sections would let a small file take forever.
            if (section.size > image.size() - std::min(hashed, image.size()))
                refuse("has sections that overlap", section.offset);
            parts.push_back(image.subspan(section.offset, section.size));
            hashed += section.size;
        }
        if (headers.certificateBytes > image.size() - hashed)
            refuse("has signatures of " + hexNumber(headers.certificateBytes) +
                       " bytes, which overlap the rest",
                   headers.certificates);
        parts.push_back(image.subspan(hashed, image.size() - hashed - headers.certificateBytes));
        return parts;
    });
}

std::vector<AnyDigest> authenticode(ByteView image, std::span<const HashAlgorithm> algorithms,
                                    PePadding padding)
{
    constexpr std::array<std::uint8_t, 8> kZeros{};
    const auto parts = authenticodeParts(image);
    std::vector<AnyDigest> out;
    for (const HashAlgorithm algorithm : algorithms) {
        AnyHasher hasher(algorithm);
        for (const ByteView part : parts)
            hasher.update(part);
        if (padding == PePadding::ToEight && image.size() % kZeros.size() != 0)
            hasher.update(ByteView(kZeros).first(kZeros.size() - image.size() % kZeros.size()));
        out.push_back(hasher.finish());
    }
    return out;
}

} // namespace teehost::kit
