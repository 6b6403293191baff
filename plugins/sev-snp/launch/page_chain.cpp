// SPDX-License-Identifier: Apache-2.0
#include "launch/page_chain.h"

#include <algorithm>

namespace teehost::sev_snp {
namespace {

// PAGE_INFO: the digest so far, that of the contents, length, type, IMI and VMPL bytes, address.
constexpr std::size_t kContents = 0x30;
constexpr std::size_t kLength = 0x60;
constexpr std::size_t kType = 0x62;
constexpr std::size_t kGpa = 0x68;
constexpr std::size_t kPageInfoSize = 0x70;

} // namespace

std::string_view nameOf(PageType type) noexcept
{
    constexpr std::array<std::string_view, 7> kNames{"?",          "NORMAL",  "VMSA", "ZERO",
                                                     "UNMEASURED", "SECRETS", "CPUID"};
    const auto number = static_cast<std::size_t>(type);
    return kNames[number < kNames.size() ? number : 0];
}

void PageChain::extend(PageType type, std::uint64_t gpa, const kit::Sha384Digest& contents)
{
    std::array<std::uint8_t, kPageInfoSize> info{};
    std::copy(digest_.begin(), digest_.end(), info.begin());
    std::copy(contents.begin(), contents.end(), info.begin() + kContents);
    info[kLength] = kPageInfoSize;
    info[kType] = static_cast<std::uint8_t>(type);
    // IMI and the permissions of VMPL 1 to 3 stay zero: KVM gives none.
    for (std::size_t i = 0; i < sizeof gpa; ++i)
        info[kGpa + i] = static_cast<std::uint8_t>(gpa >> (8 * i));
    digest_ = hasher_.of(info);
}

void PageChain::addUncounted(PageType type, std::uint64_t gpa, std::size_t count)
{
    for (std::size_t page = 0; page < count; ++page)
        extend(type, gpa + page * kPageSize, {});
}

} // namespace teehost::sev_snp
