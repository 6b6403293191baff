// SPDX-License-Identifier: Apache-2.0
//
// Event data in words. All of it comes from the guest, so it is read as bounds allow and shown as ASCII.
#include <algorithm>
#include <array>

#include "teehost/kit/event_log.h"
#include "teehost/kit/reader.h"

namespace teehost::kit {
namespace {

constexpr std::size_t kMostText = 200;

struct TypeName {
    std::uint32_t type;
    std::string_view name;
};
constexpr std::array kTypeNames{
    TypeName{0x0, "EV_PREBOOT_CERT"},
    TypeName{0x1, "EV_POST_CODE"},
    TypeName{0x3, "EV_NO_ACTION"},
    TypeName{0x4, "EV_SEPARATOR"},
    TypeName{0x5, "EV_ACTION"},
    TypeName{0x6, "EV_EVENT_TAG"},
    TypeName{0x7, "EV_S_CRTM_CONTENTS"},
    TypeName{0x8, "EV_S_CRTM_VERSION"},
    TypeName{0x9, "EV_CPU_MICROCODE"},
    TypeName{0xA, "EV_PLATFORM_CONFIG_FLAGS"},
    TypeName{0xB, "EV_TABLE_OF_DEVICES"},
    TypeName{0xC, "EV_COMPACT_HASH"},
    TypeName{0xD, "EV_IPL"},
    TypeName{0xE, "EV_IPL_PARTITION_DATA"},
    TypeName{0xF, "EV_NONHOST_CODE"},
    TypeName{0x10, "EV_NONHOST_CONFIG"},
    TypeName{0x11, "EV_NONHOST_INFO"},
    TypeName{0x12, "EV_OMIT_BOOT_DEVICE_EVENTS"},
    TypeName{0x8000'0001, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
    TypeName{0x8000'0002, "EV_EFI_VARIABLE_BOOT"},
    TypeName{0x8000'0003, "EV_EFI_BOOT_SERVICES_APPLICATION"},
    TypeName{0x8000'0004, "EV_EFI_BOOT_SERVICES_DRIVER"},
    TypeName{0x8000'0005, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    TypeName{0x8000'0006, "EV_EFI_GPT_EVENT"},
    TypeName{0x8000'0007, "EV_EFI_ACTION"},
    TypeName{0x8000'0008, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
    TypeName{0x8000'0009, "EV_EFI_HANDOFF_TABLES"},
    TypeName{0x8000'000A, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
    TypeName{0x8000'000B, "EV_EFI_HANDOFF_TABLES2"},
    TypeName{0x8000'000C, "EV_EFI_VARIABLE_BOOT2"},
    TypeName{0x8000'0010, "EV_EFI_HCRTM_EVENT"},
    TypeName{0x8000'00E0, "EV_EFI_VARIABLE_AUTHORITY"},
    TypeName{0x8000'00E1, "EV_EFI_SPDM_FIRMWARE_BLOB"},
};

char shown(std::uint32_t c) { return c >= 0x20 && c < 0x7F ? static_cast<char>(c) : '?'; }

std::string ascii(ByteView bytes)
{
    while (!bytes.empty() && bytes.back() == 0)
        bytes = bytes.first(bytes.size() - 1);
    std::string text;
    for (const std::uint8_t byte : bytes.first(std::min(bytes.size(), kMostText)))
        text += shown(byte);
    return text + (bytes.size() > kMostText ? "..." : "");
}

std::string utf16(ByteView bytes)
{
    std::string text;
    Reader in(bytes, "text");
    while (in.remaining() >= 2 && text.size() < kMostText)
        if (const std::uint16_t c = in.u16(); c != 0)
            text += shown(c);
    return text + (in.remaining() >= 2 ? "..." : "");
}

/// UEFI_VARIABLE_DATA, section 10.2.6.
std::string variable(ByteView data)
{
    Reader in(data, "variable");
    in.skip(16); // VariableName, a GUID
    const std::uint64_t characters = in.u64(), size = in.u64();
    if (characters > in.remaining() / 2)
        return {};
    const std::string name = utf16(in.bytes(static_cast<std::size_t>(characters) * 2));
    return name + ", " + std::to_string(size) + " bytes" +
           (size == 1 && in.remaining() == 1 ? ": " + std::to_string(in.u8()) : "");
}

std::string blob(ByteView data)
{
    Reader in(data, "blob");
    const std::uint64_t base = in.u64(), size = in.u64();
    return hexNumber(size) + " bytes at " + hexNumber(base);
}

/// UEFI_PLATFORM_FIRMWARE_BLOB2, section 10.2.5: a description, then as above.
std::string describedBlob(ByteView data)
{
    Reader in(data, "blob");
    const std::string description = ascii(in.bytes(in.u8()));
    return description + ": " + blob(in.rest());
}

/// UEFI_HANDOFF_TABLE_POINTERS2, section 10.2.7: a description, then addresses.
std::string describedTables(ByteView data)
{
    Reader in(data, "tables");
    return ascii(in.bytes(in.u8()));
}

/// TCG_PCClientTaggedEvent, section 10.4.2.1.
std::string tagged(ByteView data)
{
    Reader in(data, "tagged event");
    const std::uint32_t tag = in.u32(), size = in.u32();
    return "tag " + hexNumber(tag) + ": " + ascii(in.bytes(std::min<std::size_t>(size, in.remaining())));
}

/// UEFI_IMAGE_LOAD_EVENT, section 10.2.3.
std::string image(ByteView data)
{
    Reader in(data, "image");
    const std::uint64_t base = in.u64(), size = in.u64();
    return std::to_string(size) + " bytes at " + hexNumber(base);
}

std::string words(const Event& event)
{
    using namespace event_type;
    switch (event.type) {
    case kSeparator:
    case kNoAction:
        return event.data.size() <= 4 ? toHex(event.data) : ascii(event.data);
    case kAction:
    case kPlatformConfigFlags:
    case kEfiAction:
    case kIpl:
        return ascii(event.data);
    case kCrtmVersion:
        return utf16(event.data);
    case kEventTag:
        return tagged(event.data);
    case kVariableDriverConfig:
    case kVariableBoot:
    case kVariableBoot2:
    case kVariableAuthority:
        return variable(event.data);
    case kBootApplication:
    case kBootDriver:
    case kRuntimeDriver:
        return image(event.data);
    case kFirmwareBlob:
        return blob(event.data);
    case kFirmwareBlob2:
        return describedBlob(event.data);
    case kHandoffTables2:
        return describedTables(event.data);
    default:
        return {};
    }
}

} // namespace

std::string nameOfType(std::uint32_t type)
{
    for (const TypeName& one : kTypeNames)
        if (one.type == type)
            return std::string(one.name);
    return hexNumber(type);
}

std::string lineOf(const EventLog& log, const Event& event, HashAlgorithm bank)
{
    const std::string words = describe(event);
    std::string line = nameOfRegister(log.kind, event.reg) + " " + nameOfType(event.type) +
                       (words.empty() ? "" : ": " + words);
    if (const auto index = log.indexOf(bank))
        line += " [" + toHex(event.digests[*index]) + "]";
    return line;
}

std::string describe(const Event& event)
{
    try {
        return words(event);
    } catch (const ParseError&) {
        return {}; // it does not have the form of its type; nobody relies on it
    }
}

} // namespace teehost::kit
