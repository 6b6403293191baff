// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/ovmf_table.h"

#include <string>

#include "teehost/kit/input_error.h"
#include "teehost/kit/reader.h"

namespace teehost::kit {
namespace {

constexpr Guid kFooter = uefiGuid("96b582de-1fb2-45f7-baea-a366c55a082d");
constexpr std::size_t kResetVectorSize = 0x20;
constexpr std::size_t kEntryTail = 2 + sizeof(Guid); // size, GUID; the data stand before them

} // namespace

OvmfTable::OvmfTable(ByteView image, Reasons reasons) : image_(image), reasons_(reasons)
{
    if (image.size() < kResetVectorSize + kEntryTail)
        throw InputError(reasons.noFooter, "an image of " + std::to_string(image.size()) +
                                               " bytes has no room for OVMF's table");
    const std::size_t end = image.size() - kResetVectorSize;
    if (!equal(image.subspan(end - sizeof(Guid), sizeof(Guid)), kFooter))
        throw InputError(reasons.noFooter,
                         "the image does not end as OVMF does: its table's footer is missing",
                         end - sizeof(Guid));
    // The footer's size is that of the whole table.
    begin_ = entryBefore(0, end).offset;
    at_ = end - kEntryTail;
}

std::optional<OvmfTable::Entry> OvmfTable::next()
{
    if (at_ - begin_ < kEntryTail)
        return std::nullopt;
    const Entry entry = entryBefore(begin_, at_);
    at_ = entry.offset;
    return entry;
}

OvmfTable::Entry OvmfTable::entryBefore(std::size_t begin, std::size_t end) const
{
    const std::size_t tail = end - kEntryTail;
    Reader in(image_.subspan(tail, kEntryTail), "OVMF table");
    const std::size_t size = in.u16();
    // One that is shorter than its own tail would keep a reader in its place for ever.
    if (size < kEntryTail || size > end - begin)
        throw InputError(reasons_.badEntry,
                         "the firmware's table has an entry of " + std::to_string(size) + " bytes", tail);
    return {in.array<16>(), image_.subspan(end - size, size - kEntryTail), end - size};
}

} // namespace teehost::kit
