// SPDX-License-Identifier: Apache-2.0
//
// An IGVM file ("Independent Guest Virtual Machine", version 1, and 2 for x64 with 4 KiB pages): its headers,
// checked, and the file data they refer to. The format is defined by the igvm_defs crate of
// github.com/microsoft/igvm.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include <teehost/kit/bytes.h>

namespace teehost::sev_snp {

inline constexpr std::size_t kMaxIgvmBytes = 512u << 20;

/// IGVM_VHT_* of platforms, initialisation and directives.
enum class IgvmHeaderType : std::uint32_t {
    SupportedPlatform = 0x1,
    GuestPolicy = 0x101,
    RelocatableRegion = 0x102,
    PageTableRelocation = 0x103,
    ParameterArea = 0x301,
    PageData = 0x302,
    ParameterInsert = 0x303,
    VpContext = 0x304,
    RequiredMemory = 0x305,
    VpCount = 0x307,
    Srat = 0x308,
    Madt = 0x309,
    MmioRanges = 0x30a,
    SnpIdBlock = 0x30b,
    MemoryMap = 0x30c,
    ErrorRange = 0x30d,
    CommandLine = 0x30e,
    Slit = 0x30f,
    Pptt = 0x310,
    VbsMeasurement = 0x311,
    DeviceTree = 0x312,
    EnvironmentInfo = 0x313
};

struct IgvmHeader {
    IgvmHeaderType type{};
    std::size_t offset = 0; ///< of its body in the file
    kit::ByteView body;
};

struct IgvmPlatform {
    std::uint32_t mask = 0; ///< the one bit of the headers that apply to it
    std::uint8_t type = 0;  ///< kIgvmPlatformSnp, ...
};
inline constexpr std::uint8_t kIgvmPlatformSnp = 2;

/// A view of the file, which must outlive it.
class IgvmFile {
public:
    /// Reads all headers. InputError: igvm_magic, igvm_version, igvm_size, igvm_checksum, igvm_header,
    /// igvm_section_order, igvm_unknown_header, igvm_reserved.
    [[nodiscard]] static IgvmFile parse(kit::ByteView file);

    [[nodiscard]] const std::vector<IgvmPlatform>& platforms() const noexcept { return platforms_; }
    /// All but the platforms, in file order; each body has the length its type demands.
    [[nodiscard]] const std::vector<IgvmHeader>& headers() const noexcept { return headers_; }
    /// Mask of the SEV-SNP platform. InputError igvm_platform when the file is not for it.
    [[nodiscard]] std::uint32_t snpMask() const;
    /// The page at `file_offset`. InputError igvm_data_bounds when it is not within the file's data; `header`
    /// is to blame.
    [[nodiscard]] kit::ByteView pageAt(std::uint32_t file_offset, const IgvmHeader& header) const;

private:
    kit::ByteView file_;
    std::size_t dataStart_ = 0;
    std::vector<IgvmPlatform> platforms_;
    std::vector<IgvmHeader> headers_;
};

} // namespace teehost::sev_snp
