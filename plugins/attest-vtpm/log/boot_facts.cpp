// SPDX-License-Identifier: Apache-2.0
#include "log/boot_facts.h"

#include <teehost/kit/boot_events.h>
#include <teehost/kit/load_options.h>
#include <teehost/kit/reader.h>
#include <teehost/kit/variable_store.h>

namespace teehost::vtpm {
namespace {

constexpr std::string_view kSecureBoot("S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0", 20);

std::vector<const Event*> eventsOf(const EventLog& log, std::uint32_t pcr)
{
    std::vector<const Event*> out;
    for (const Event& event : log.events)
        if (event.extends() && event.reg == pcr)
            out.push_back(&event);
    return out;
}

bool isOf(kit::ByteView digest, HashAlgorithm bank, kit::ByteView data)
{
    return kit::equal(kit::hash(bank, data).view(), digest);
}

/// UEFI_VARIABLE_DATA of SecureBoot: with one byte, or with none by firmware that is built without Secure
/// Boot.
std::optional<bool> secureBootIn(kit::ByteView data)
{
    try {
        kit::Reader in(data, "variable");
        const bool vendor = kit::equal(in.bytes(16), kit::kGlobalVariable);
        const std::uint64_t characters = in.u64(), size = in.u64();
        const bool named = vendor && characters == kSecureBoot.size() / 2 &&
                           kit::textOf(in.bytes(kSecureBoot.size())) == kSecureBoot;
        if (!named || size > 1 || in.remaining() != size)
            return std::nullopt;
        return size == 1 && in.u8() == 1;
    } catch (const kit::ParseError&) {
        return std::nullopt;
    }
}

} // namespace

std::optional<bool> secureBoot(const EventLog& log, HashAlgorithm bank)
{
    const auto index = log.indexOf(bank);
    const auto events = eventsOf(log, 7);
    if (!index || events.empty() || !isOf(events.front()->digests[*index], bank, events.front()->data))
        return std::nullopt;
    return secureBootIn(events.front()->data);
}

std::optional<kit::ByteView> kernelDigest(const EventLog& log, HashAlgorithm bank)
{
    const auto index = log.indexOf(bank);
    if (!index)
        return std::nullopt;
    std::optional<kit::ByteView> image;
    for (const Event* event : eventsOf(log, 4)) {
        const kit::ByteView digest = event->digests[*index];
        if (isOf(digest, bank, kit::viewOf(kit::kCallingApplication)) || isOf(digest, bank, kit::kSeparator))
            continue;
        if (image)
            return std::nullopt;
        image = digest;
    }
    return image;
}

bool isCommandLine(const EventLog& log, HashAlgorithm bank, std::string_view command_line)
{
    const auto index = log.indexOf(bank);
    const auto events = eventsOf(log, 9);
    if (!index || events.empty())
        return false;
    const auto measured = [&](bool initrd, kit::LoadOptionsForm form) {
        return isOf(events.front()->digests[*index], bank, kit::loadOptions(command_line, initrd, form));
    };
    return measured(false, kit::LoadOptionsForm::InitrdLast) ||
           measured(true, kit::LoadOptionsForm::InitrdLast) ||
           measured(true, kit::LoadOptionsForm::InitrdFirst);
}

} // namespace teehost::vtpm
