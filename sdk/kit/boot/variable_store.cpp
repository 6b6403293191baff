// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/variable_store.h"

#include <algorithm>

#include "teehost/kit/byte_writer.h"
#include "teehost/kit/input_error.h"

#include "teehost/kit/utf16.h"

namespace teehost::kit {
namespace {

constexpr Guid kVolume = uefiGuid("fff12b8d-7696-4c8b-a985-2747075b4f50"); // EFI_SYSTEM_NV_DATA_FV_GUID
constexpr Guid kStore = uefiGuid("aaf32c78-947b-439a-a180-2e144ec37792");  // gEfiAuthenticatedVariableGuid
constexpr Guid kSecureBootEnable = uefiGuid("f0a30bc7-af08-4556-99c4-001009c93a44");

constexpr std::size_t kVolumeGuid = 16, kVolumeLength = 32, kVolumeHeaderLength = 48;
constexpr std::size_t kStoreHeader = 28;
constexpr std::uint8_t kFormatted = 0x5A, kHealthy = 0xFE;
constexpr std::uint16_t kStartId = 0x55AA;
// Bits are cleared as a variable's life goes on: header valid, added, in deleted transition, deleted.
constexpr std::uint8_t kAdded = 0x3F, kInDeletedTransition = 0x3E;
constexpr std::size_t kMostVariables = 20'000;

[[noreturn]] void refuse(const std::string& why, std::size_t offset)
{
    throw InputError("bad_variable_store", "the variable store " + why, offset);
}

/// The variables' part of the file.
Reader storeOf(ByteView file)
{
    const auto at = [file](std::size_t offset) {
        Reader in(file, "variable store");
        in.skip(offset);
        return in;
    };
    if (at(kVolumeGuid).array<16>() != kVolume)
        refuse("is not a volume of variables", kVolumeGuid);
    const std::uint64_t length = at(kVolumeLength).u64();
    const std::size_t start = at(kVolumeHeaderLength).u16();
    if (length > file.size() || start + kStoreHeader > length)
        refuse("is cut off: its volume has " + std::to_string(length) + " bytes", kVolumeLength);
    Reader in = at(start);
    if (in.array<16>() != kStore)
        refuse("is not of the authenticated format", start);
    const std::size_t size = in.u32();
    const std::uint8_t format = in.u8(), state = in.u8();
    if (format != kFormatted || state != kHealthy)
        refuse("is not formatted, or not healthy", start);
    if (size < kStoreHeader || size > length - start)
        refuse("has a size of " + std::to_string(size) + " bytes", start);
    in.skip(6);
    return in.part(size - kStoreHeader);
}

} // namespace

VariableStore VariableStore::parse(ByteView file)
{
    return withReason("bad_variable_store", [&] {
        VariableStore out;
        Reader in = storeOf(file);
        while (in.remaining() >= 2 && Reader(in).u16() == kStartId) {
            if (out.variables_.size() == kMostVariables)
                refuse("has more variables than any firmware keeps", in.offset());
            in.skip(2);
            const std::uint8_t state = in.u8();
            in.skip(1 + 4 + 8 + 16 + 4); // reserved, attributes, count, time stamp, index of a public key
            const std::size_t nameBytes = in.u32(), dataBytes = in.u32();
            Variable variable{};
            variable.vendor = in.array<16>();
            variable.name = in.bytes(nameBytes);
            variable.data = in.bytes(dataBytes);
            variable.inTransition = state == kInDeletedTransition;
            if (state == kAdded || variable.inTransition)
                out.variables_.push_back(variable);
            const std::size_t padding = (4 - (nameBytes + dataBytes) % 4) % 4; // the header has 60 bytes
            in.skip(std::min(padding, in.remaining()));
        }
        return out;
    });
}

std::optional<ByteView> VariableStore::find(const Guid& vendor, std::string_view name) const noexcept
{
    Bytes wanted = utf16Of(name);
    wanted.insert(wanted.end(), 2, 0);
    std::optional<ByteView> replaced;
    for (const Variable& variable : variables_) {
        if (variable.vendor != vendor || !equal(variable.name, wanted))
            continue;
        if (!variable.inTransition)
            return variable.data;
        replaced = variable.data;
    }
    return replaced;
}

bool VariableStore::enforcesSecureBoot() const noexcept
{
    const auto platformKey = find(kGlobalVariable, "PK");
    const auto enable = find(kSecureBootEnable, "SecureBootEnable");
    const bool off = enable && enable->size() == 1 && (*enable)[0] == 0;
    return platformKey && !platformKey->empty() && !off;
}

Bytes variableEvent(const Guid& vendor, std::string_view name, ByteView data)
{
    ByteWriter out;
    out.bytes(vendor).u64(name.size()).u64(data.size()).bytes(utf16Of(name)).bytes(data);
    return out.take();
}

} // namespace teehost::kit
