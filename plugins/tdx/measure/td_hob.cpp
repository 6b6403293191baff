// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/td_hob.h"

#include <algorithm>
#include <vector>

#include <teehost/kit/board.h>
#include <teehost/kit/byte_writer.h>
#include <teehost/kit/input_error.h>

namespace teehost::tdx {
namespace {

constexpr std::uint16_t kHandoff = 1, kResource = 3; // EFI_HOB_TYPE_...
constexpr std::uint16_t kHandoffBytes = 56, kResourceBytes = 48, kEndBytes = 8;
constexpr std::uint32_t kHandoffVersion = 9;
constexpr std::uint32_t kAccepted = 0, kUnaccepted = 7; // EFI_RESOURCE_SYSTEM_MEMORY, ..._MEMORY_UNACCEPTED
constexpr std::uint32_t kPresentInitializedTested = 7;  // EFI_RESOURCE_ATTRIBUTE_...
constexpr std::uint64_t kFourGiB = std::uint64_t{1} << 32;
constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 50;

struct Range {
    std::uint64_t start, size;
    std::uint32_t type;
    [[nodiscard]] std::uint64_t end() const noexcept { return start + size; }
};

[[noreturn]] void refuse(const std::string& why) { throw kit::InputError("bad_td_hob", why); }

std::vector<Range> memoryOf(std::uint64_t bytes)
{
    if (bytes == 0 || bytes > kMostMemory)
        refuse("a TD with " + std::to_string(bytes) + " bytes of memory");
    const std::uint64_t low = kit::lowMemory(kit::Board::Q35, bytes);
    std::vector<Range> out{{0, low, kUnaccepted}};
    if (bytes > low)
        out.push_back({kFourGiB, bytes - low, kUnaccepted});
    return out;
}

std::vector<Range> acceptedIn(std::span<const TdvfSection> sections)
{
    std::vector<Range> out;
    for (const TdvfSection& section : sections)
        if (section.type == SectionType::TdHob || section.type == SectionType::TempMem)
            out.push_back({section.address, section.size, kAccepted});
    std::sort(out.begin(), out.end(), [](const Range& a, const Range& b) { return a.start < b.start; });
    return out;
}

/// Memory with the accepted ranges cut out of it; neighbours are not merged.
std::vector<Range> cut(const std::vector<Range>& memory, const std::vector<Range>& accepted)
{
    std::vector<Range> out;
    auto next = accepted.begin();
    for (const Range& range : memory) {
        std::uint64_t at = range.start;
        for (; next != accepted.end() && next->start < range.end(); ++next) {
            if (next->start < at || next->size == 0 || next->size > range.end() - next->start)
                break;
            if (next->start > at)
                out.push_back({at, next->start - at, kUnaccepted});
            out.push_back(*next);
            at = next->end();
        }
        if (at < range.end())
            out.push_back({at, range.end() - at, kUnaccepted});
    }
    if (next != accepted.end())
        refuse("the firmware's section at " + kit::hexNumber(next->start) +
               " is not in the TD's memory, is empty, or overlaps another");
    return out;
}

const TdvfSection& placeOf(std::span<const TdvfSection> sections)
{
    const auto found = std::find_if(sections.begin(), sections.end(),
                                    [](const TdvfSection& one) { return one.type == SectionType::TdHob; });
    if (found == sections.end())
        refuse("the firmware has no section for the TD HOB");
    return *found;
}

} // namespace

kit::Bytes tdHob(std::span<const TdvfSection> sections, std::uint64_t memory_bytes)
{
    const TdvfSection& place = placeOf(sections);
    const auto ranges = cut(memoryOf(memory_bytes), acceptedIn(sections));
    const std::uint64_t length = kHandoffBytes + ranges.size() * kResourceBytes + kEndBytes;
    if (length > place.size)
        refuse("the TD HOB of " + std::to_string(length) + " bytes does not fit into its section");
    kit::ByteWriter out;
    out.u16(kHandoff).u16(kHandoffBytes).u32(0);
    out.u32(kHandoffVersion).u32(0); // boot mode: with full configuration
    out.zeros(4 * sizeof(std::uint64_t)).u64(place.address + length);
    for (const Range& range : ranges) {
        out.u16(kResource).u16(kResourceBytes).u32(0);
        out.zeros(16); // owner
        out.u32(range.type).u32(kPresentInitializedTested).u64(range.start).u64(range.size);
    }
    return out.take();
}

} // namespace teehost::tdx
