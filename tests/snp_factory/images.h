// SPDX-License-Identifier: Apache-2.0
//
// Small firmware images and IGVM files, made of what a test says and nothing else: for tests to launch and
// for fuzz targets to start from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <teehost/kit/bytes.h>

#include "launch/igvm_digest.h"
#include "launch/ovmf_image.h"

namespace teehost::snp_factory {

using sev_snp::HashTableArea;
using sev_snp::IgvmId;
using sev_snp::MetadataSection;
using sev_snp::SectionType;

/// An OVMF image for SEV-SNP with the sections edk2's OvmfPkg/AmdSev has; filled with one byte elsewhere.
struct OvmfBuilder {
    std::size_t size = 128 * 1024;
    std::uint8_t fill = 0x5a;
    bool hasMetadata = true;
    std::vector<MetadataSection> sections{
        {0x800000, 0x9000, SectionType::SecMemory}, {0x80a000, 0x3000, SectionType::SecMemory},
        {0x80d000, 0x1000, SectionType::Secrets},   {0x80e000, 0x1000, SectionType::Cpuid},
        {0x80f000, 0x1000, SectionType::SvsmCaa},   {0x810000, 0x1000, SectionType::KernelHashes},
        {0x811000, 0xf000, SectionType::SecMemory},
    };
    std::optional<HashTableArea> hashTable = HashTableArea{0x810c00, 0x400};
    std::optional<std::uint32_t> apResetEip = 0x80b004;

    [[nodiscard]] kit::Bytes build() const;
    /// Without a section and a place for kernel hashes, like Debian's OVMF.fd.
    [[nodiscard]] static OvmfBuilder withoutKernelHashes();
};

/// An IGVM file for SEV-SNP as QEMU boots it: a secrets and a CPUID page, some pages, one vCPU.
struct IgvmBuilder {
    std::optional<std::uint64_t> policy = 0x30000;
    std::size_t pages = 3; ///< of content
    std::uint8_t fill = 0xa5;
    std::uint64_t sevFeatures = 1;
    std::uint64_t cr0 = 0x31; ///< of the vCPU; KVM wants this of one in protected mode
    enum class VpContext { First, BeforeLastPage, Last } vpContext = VpContext::Last;
    std::uint32_t pageFlags = 0; ///< of the pages of content
    bool forSnp = true;
    std::optional<IgvmId> id = {}; ///< its block's policy is not written: the file's is

    [[nodiscard]] kit::Bytes build() const;
};

/// A new private key in PEM, on a curve by OpenSSL's name.
[[nodiscard]] std::string newKeyPem(const char* curve = "P-384");

} // namespace teehost::snp_factory
