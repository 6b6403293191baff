// SPDX-License-Identifier: Apache-2.0
//
// The launch digest of SEV-SNP: a chain of hashes over the pages the firmware is given, each as a PAGE_INFO
// structure (AMD SEV-SNP Firmware ABI Specification, 56860, section 8.17.2, "PAGE_INFO").
//
//     PageChain chain;
//     chain.add(PageType::Normal, gpa, page);
//     chain.digest();
#pragma once

#include <teehost/kit/digest.h>

namespace teehost::sev_snp {

inline constexpr std::size_t kPageSize = 4096;

/// Of SNP_LAUNCH_UPDATE, 56860 section 8.17, table "PAGE_TYPE encodings".
enum class PageType : std::uint8_t { Normal = 1, Vmsa = 2, Zero = 3, Unmeasured = 4, Secrets = 5, Cpuid = 6 };

[[nodiscard]] std::string_view nameOf(PageType type) noexcept;

using LaunchDigest = kit::Sha384Digest;

class PageChain {
public:
    /// Starts from zeros, as the firmware does, or from the digest of what was hashed before.
    explicit PageChain(const LaunchDigest& start = {}) : digest_(start) {}

    /// A page whose contents are measured: Normal or Vmsa. `page` is kPageSize bytes.
    void add(PageType type, std::uint64_t gpa, kit::ByteView page) { extend(type, gpa, hasher_.of(page)); }
    /// The same, when the SHA-384 of the contents is known already.
    void extend(PageType type, std::uint64_t gpa, const kit::Sha384Digest& contents);
    /// `count` pages of which only type and address are measured: Zero, Unmeasured, Secrets, Cpuid.
    void addUncounted(PageType type, std::uint64_t gpa, std::size_t count = 1);

    [[nodiscard]] const LaunchDigest& digest() const noexcept { return digest_; }
    /// For contents that are measured more than once.
    [[nodiscard]] kit::Sha384Digest hashOf(kit::ByteView page) { return hasher_.of(page); }

private:
    LaunchDigest digest_;
    kit::Sha384 hasher_;
};

} // namespace teehost::sev_snp
