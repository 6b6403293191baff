// SPDX-License-Identifier: Apache-2.0
#include "launch/igvm_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include <boost/crc.hpp>
#include <teehost/kit/reader.h>

#include "input_error.h"
#include "launch/page_chain.h"

namespace teehost::sev_snp {
namespace {

constexpr std::uint32_t kMagic = 0x4d564749; // "IGVM"
constexpr std::size_t kFixedHeader1 = 24;
constexpr std::size_t kFixedHeader2 = 32;
constexpr std::size_t kChecksumAt = 20;
constexpr std::uint32_t kArchitectureX64 = 0;

struct Format {
    IgvmHeaderType type;
    std::size_t length;
};

// Lengths of igvm_defs; a header of another length is not what its type says.
constexpr std::array kFormats{
    Format{IgvmHeaderType::SupportedPlatform, 16},
    Format{IgvmHeaderType::GuestPolicy, 16},
    Format{IgvmHeaderType::RelocatableRegion, 48},
    Format{IgvmHeaderType::PageTableRelocation, 32},
    Format{IgvmHeaderType::ParameterArea, 16},
    Format{IgvmHeaderType::PageData, 24},
    Format{IgvmHeaderType::ParameterInsert, 16},
    Format{IgvmHeaderType::VpContext, 20},
    Format{IgvmHeaderType::RequiredMemory, 24},
    Format{IgvmHeaderType::VpCount, 8},
    Format{IgvmHeaderType::Srat, 8},
    Format{IgvmHeaderType::Madt, 8},
    Format{IgvmHeaderType::MmioRanges, 8},
    Format{IgvmHeaderType::SnpIdBlock, 696},
    Format{IgvmHeaderType::MemoryMap, 8},
    Format{IgvmHeaderType::ErrorRange, 16},
    Format{IgvmHeaderType::CommandLine, 8},
    Format{IgvmHeaderType::Slit, 8},
    Format{IgvmHeaderType::Pptt, 8},
    Format{IgvmHeaderType::VbsMeasurement, 0},
    Format{IgvmHeaderType::DeviceTree, 8},
    Format{IgvmHeaderType::EnvironmentInfo, 8},
};

/// 0 platforms, 1 initialisation, 2 directives: the order in which they must stand.
unsigned sectionOf(std::uint32_t type) noexcept { return type <= 0x100 ? 0 : type <= 0x200 ? 1 : 2; }

struct FixedHeader {
    std::size_t variableOffset = 0, variableSize = 0;
};

FixedHeader readFixedHeader(kit::ByteView file)
{
    kit::Reader in(file, "IGVM file");
    if (in.u32() != kMagic)
        throw InputError("igvm_magic", "this is not an IGVM file: it does not begin with \"IGVM\"", 0);
    const std::uint32_t version = in.u32();
    if (version != 1 && version != 2)
        throw InputError("igvm_version", "the IGVM file has format version " + std::to_string(version), 4);
    FixedHeader header{in.u32(), in.u32()};
    const std::uint32_t total = in.u32();
    in.skip(sizeof(std::uint32_t)); // the checksum, below
    if (version == 2 && (in.u32() != kArchitectureX64 || in.u32() != kPageSize))
        throw InputError("igvm_version", "the IGVM file is not for x64 with pages of 4096 bytes",
                         kFixedHeader1);
    if (total != file.size())
        throw InputError("igvm_size",
                         "the IGVM file says that it has " + std::to_string(total) + " bytes, and has " +
                             std::to_string(file.size()),
                         16);
    if (header.variableOffset < (version == 1 ? kFixedHeader1 : kFixedHeader2) ||
        header.variableOffset % 8 != 0 || header.variableOffset > file.size() ||
        header.variableSize > file.size() - header.variableOffset)
        throw InputError("igvm_header", "the variable headers are not inside the IGVM file", 8);
    return header;
}

void expectChecksum(kit::ByteView file, const FixedHeader& header)
{
    constexpr std::array<std::uint8_t, 4> kZero{};
    kit::Reader in(file.subspan(kChecksumAt), "IGVM file");
    const std::uint32_t stated = in.u32();
    // Over both headers with the checksum itself as zero; what may stand between them is not covered.
    const std::size_t fixedEnd = file[4] == 1 ? kFixedHeader1 : kFixedHeader2;
    boost::crc_32_type crc; // of IEEE 802.3
    const auto update = [&crc](kit::ByteView bytes) { crc.process_bytes(bytes.data(), bytes.size()); };
    update(file.first(kChecksumAt));
    update(kZero);
    update(file.subspan(kChecksumAt + 4, fixedEnd - kChecksumAt - 4));
    update(file.subspan(header.variableOffset, header.variableSize));
    if (crc.checksum() != stated)
        throw InputError("igvm_checksum",
                         "the checksum of the IGVM file's headers is " + kit::hexNumber(crc.checksum()) +
                             ", the file says " + kit::hexNumber(stated),
                         kChecksumAt);
}

IgvmHeader readHeader(kit::Reader& in)
{
    const std::size_t at = in.offset();
    const std::uint32_t type = in.u32(), length = in.u32();
    const auto format = std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& f) {
        return static_cast<std::uint32_t>(f.type) == type;
    });
    // Bit 31 would allow to pass over it, but no loader does, and a digest must not depend on who reads.
    if (format == kFormats.end())
        throw InputError("igvm_unknown_header",
                         "the IGVM file has a header of the unknown type " + kit::hexNumber(type), at);
    if (format->length != 0 && length != format->length)
        throw InputError("igvm_header",
                         "a header of type " + kit::hexNumber(type) + " has " + std::to_string(length) +
                             " bytes instead of " + std::to_string(format->length),
                         at);
    IgvmHeader header{format->type, in.offset(), in.bytes(length)};
    in.skip(std::min<std::size_t>((8 - length % 8) % 8, in.remaining()));
    return header;
}

IgvmPlatform readPlatform(const IgvmHeader& header)
{
    kit::Reader in(header.body, "IGVM platform");
    IgvmPlatform platform;
    platform.mask = in.u32();
    in.skip(1); // highest VTL, of Hyper-V only
    platform.type = in.u8();
    if (!std::has_single_bit(platform.mask))
        throw InputError("igvm_header",
                         "a platform of the IGVM file has the mask " + kit::hexNumber(platform.mask) +
                             ", which is not one bit",
                         header.offset);
    return platform;
}

} // namespace

IgvmFile IgvmFile::parse(kit::ByteView file)
{
    if (file.size() > kMaxIgvmBytes)
        throw InputError("igvm_size", "an IGVM file of " + std::to_string(file.size()) +
                                          " bytes; at most 512 MiB are read");
    const FixedHeader fixed = withReason("igvm_size", [&] { return readFixedHeader(file); });
    expectChecksum(file, fixed);
    IgvmFile out;
    out.file_ = file;
    out.dataStart_ = fixed.variableOffset + fixed.variableSize;
    withReason("igvm_header", [&] {
        kit::Reader all(file, "IGVM file");
        all.skip(fixed.variableOffset);
        kit::Reader in = all.part(fixed.variableSize);
        for (unsigned section = 0; !in.done();) {
            IgvmHeader header = readHeader(in);
            const unsigned its = sectionOf(static_cast<std::uint32_t>(header.type));
            if (its < section)
                throw InputError("igvm_section_order",
                                 "platforms, initialisation and directives must stand in this order",
                                 header.offset);
            section = its;
            if (header.type == IgvmHeaderType::SupportedPlatform)
                out.platforms_.push_back(readPlatform(header));
            else
                out.headers_.push_back(header);
        }
    });
    return out;
}

std::uint32_t IgvmFile::snpMask() const
{
    for (const IgvmPlatform& platform : platforms_)
        if (platform.type == kIgvmPlatformSnp)
            return platform.mask;
    throw InputError("igvm_platform", "this IGVM file is not for SEV-SNP");
}

kit::ByteView IgvmFile::pageAt(std::uint32_t file_offset, const IgvmHeader& header) const
{
    if (file_offset < dataStart_ || file_offset > file_.size() || file_.size() - file_offset < kPageSize)
        throw InputError("igvm_data_bounds",
                         "a page at " + kit::hexNumber(file_offset) + " is not within the file's data, " +
                             kit::hexNumber(dataStart_) + " to " + kit::hexNumber(file_.size()),
                         header.offset);
    return file_.subspan(file_offset, kPageSize);
}

} // namespace teehost::sev_snp
