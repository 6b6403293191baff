// SPDX-License-Identifier: Apache-2.0
#include "launch/kernel_hashes.h"

#include <algorithm>
#include <string>

#include "guid.h"
#include "input_error.h"

namespace teehost::sev_snp {
namespace {

constexpr Guid kTable = uefiGuid("9438d606-4f22-4cc9-b479-a793d411fd21");
constexpr Guid kCmdline = uefiGuid("97d02dd8-bd20-4c94-aa78-e7714d36ab2a");
constexpr Guid kInitrd = uefiGuid("44baf731-3a2f-4bd7-9af1-41e29169781d");
constexpr Guid kKernel = uefiGuid("4de79437-abd2-427f-b835-d5b172d2045b");

constexpr std::size_t kHead = sizeof(Guid) + 2; // GUID, size with the head
constexpr std::size_t kEntry = kHead + sizeof(kit::Sha256Digest);
constexpr std::size_t kLength = kHead + 3 * kEntry;
constexpr std::size_t kPadded = (kLength + 15) / 16 * 16;

std::uint8_t* putHead(std::uint8_t* at, const Guid& guid, std::size_t size)
{
    at = std::copy(guid.begin(), guid.end(), at);
    *at++ = static_cast<std::uint8_t>(size);
    *at++ = static_cast<std::uint8_t>(size >> 8);
    return at;
}

std::uint8_t* putEntry(std::uint8_t* at, const Guid& guid, const kit::Sha256Digest& digest)
{
    return std::copy(digest.begin(), digest.end(), putHead(at, guid, kEntry));
}

} // namespace

kit::Sha256Digest hashOfCmdline(std::string_view cmdline)
{
    std::string text(cmdline);
    text.push_back('\0');
    return kit::sha256(kit::viewOf(text));
}

Page kernelHashesPage(const KernelHashes& hashes, const HashTableArea& area)
{
    const std::size_t offset = area.base % kPageSize;
    if (area.size < kPadded || offset + kPadded > kPageSize)
        throw InputError("no_kernel_hashes_section",
                         "the firmware's area for kernel hashes has " + std::to_string(area.size) +
                             " bytes at " + kit::hexNumber(area.base) + ", too few for the table");
    Page page{};
    std::uint8_t* at = putHead(page.data() + offset, kTable, kLength);
    at = putEntry(at, kCmdline, hashes.cmdline);
    at = putEntry(at, kInitrd, hashes.initrd);
    putEntry(at, kKernel, hashes.kernel);
    return page;
}

} // namespace teehost::sev_snp
