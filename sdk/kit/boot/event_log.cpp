// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/event_log.h"

#include <algorithm>

#include "teehost/kit/input_error.h"
#include "teehost/kit/reader.h"

namespace teehost::kit {
namespace {

constexpr std::string_view kReason = "log_malformed";
constexpr std::string_view kLocality("StartupLocality\0", 16);
constexpr std::string_view kSpecId("Spec ID Event03\0", 16);
constexpr std::size_t kMostLog = 1u << 20;
constexpr std::size_t kMostDigest = 64;

// TCG_EfiSpecIDEvent, section 10.4.5.1.
void readSpecId(Reader in, EventLog& log)
{
    constexpr std::size_t kClassAndVersions = 8;
    in.skip(kSpecId.size() + kClassAndVersions);
    const std::uint32_t count = in.u32();
    if (count == 0 || count > kMostBanks)
        in.fail(std::to_string(count) + " algorithms are listed, 1 to 8 can be");
    for (std::uint32_t i = 0; i < count; ++i) {
        const EventLog::Bank bank{in.u16(), in.u16()};
        const auto known = hashOf(bank.algId);
        const bool twice = std::any_of(log.banks.begin(), log.banks.end(),
                                       [&](const auto& b) { return b.algId == bank.algId; });
        if (bank.digestSize == 0 || bank.digestSize > kMostDigest || twice ||
            (known && bank.digestSize != sizeOf(*known)))
            in.fail("algorithm " + algorithmName(bank.algId) + " is listed with digests of " +
                    std::to_string(bank.digestSize) + " bytes, or twice,");
        log.banks.push_back(bank);
    }
    in.skip(in.u8()); // vendorInfo
    in.expectDone();
}

std::uint32_t readRegister(Reader& in, LogKind kind)
{
    const std::uint32_t number = in.u32();
    if (number >= registersOf(kind))
        in.fail("there is no " + nameOfRegister(kind, number));
    return number;
}

/// TCG_PCR_EVENT, section 10.2.1.
Event readLegacy(Reader& in, LogKind kind)
{
    Event event;
    event.offset = in.offset();
    event.reg = readRegister(in, kind);
    event.type = in.u32();
    event.digests[0] = in.bytes(sizeOf(HashAlgorithm::Sha1));
    event.data = in.bytes(in.u32());
    return event;
}

/// TCG_PCR_EVENT2, section 10.2.2.
Event readAgile(Reader& in, const EventLog& log)
{
    Event event;
    event.offset = in.offset();
    event.reg = readRegister(in, log.kind);
    event.type = in.u32();
    const std::uint32_t count = in.u32();
    if (count == 0 || count > kMostBanks)
        in.fail(std::to_string(count) + " digests in one event");
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint16_t id = in.u16();
        const auto bank = std::find_if(log.banks.begin(), log.banks.end(),
                                       [&](const auto& one) { return one.algId == id; });
        if (bank == log.banks.end())
            in.fail("a digest of algorithm " + algorithmName(id) + ", which the log's header does not list,");
        auto& digest = event.digests[static_cast<std::size_t>(bank - log.banks.begin())];
        if (!digest.empty())
            in.fail("two digests of algorithm " + algorithmName(id) + " in one event");
        digest = in.bytes(bank->digestSize);
    }
    event.data = in.bytes(in.u32());
    return event;
}

/// The header of a crypto-agile log. A TD's firmware files it under RTMR0, a TPM's under PCR 0.
bool isSpecId(const Event& event, LogKind kind)
{
    return event.type == event_type::kNoAction && (event.reg == 0 || kind == LogKind::Ccel) &&
           textOf(event.data).starts_with(kSpecId);
}

void noteLocality(EventLog& log)
{
    const Event& event = log.events.back();
    if (log.kind != LogKind::Tpm || event.extends() || event.data.size() != kLocality.size() + 1 ||
        !textOf(event.data).starts_with(kLocality))
        return;
    constexpr std::uint8_t kMostLocality = 4;
    if (log.startupLocality || event.reg != 0 || event.data.back() > kMostLocality)
        throw InputError(kReason, "event log: a startup locality that is not one, or a second", event.offset);
    log.startupLocality = event.data.back();
}

/// The kernel may hand out the firmware's buffer to the end of a page: zeros at the end are no records.
std::size_t endOfRecords(ByteView bytes)
{
    std::size_t end = bytes.size();
    while (end > 0 && bytes[end - 1] == 0)
        --end;
    return end;
}

/// A TD's log fills an area whose rest may be ones or zeros.
bool isRestOfArea(Reader in)
{
    constexpr std::size_t kFixed = 12; // register, type and number of digests
    if (in.remaining() < kFixed) {
        const ByteView rest = in.rest();
        return std::all_of(rest.begin(), rest.end(), [&](std::uint8_t byte) {
            return byte == rest.front() && (byte == 0 || byte == 0xFF);
        });
    }
    const std::uint32_t number = in.u32();
    in.skip(sizeof(std::uint32_t));
    return number == UINT32_MAX || in.u32() == 0;
}

void readHeader(Reader& in, ByteView bytes, EventLog& log)
{
    const Event first = readLegacy(in, log.kind);
    if (isSpecId(first, log.kind)) {
        log.cryptoAgile = true;
        constexpr std::size_t kHeader = 32; // of TCG_PCR_EVENT
        Reader header(bytes, "event log");
        header.skip(kHeader);
        readSpecId(header.part(first.data.size()), log);
    } else if (log.kind == LogKind::Ccel) {
        in.fail("no header that lists its algorithms");
    } else {
        log.banks = {{kAlgSha1, sizeOf(HashAlgorithm::Sha1)}};
        log.events.push_back(first);
        noteLocality(log);
    }
}

EventLog read(ByteView bytes, LogKind kind)
{
    Reader in(bytes, "event log");
    if (bytes.size() > kMostLog)
        in.fail("more than 1 MiB");
    EventLog log;
    log.kind = kind;
    log.events.reserve(std::min<std::size_t>(bytes.size() / 64, 512));
    readHeader(in, bytes, log);
    const std::size_t end = kind == LogKind::Tpm ? endOfRecords(bytes) : bytes.size();
    while (in.offset() < end && !(kind == LogKind::Ccel && isRestOfArea(in))) {
        log.events.push_back(log.cryptoAgile ? readAgile(in, log) : readLegacy(in, kind));
        noteLocality(log);
    }
    log.bytesUsed = in.offset();
    return log;
}

} // namespace

std::string nameOfRegister(LogKind kind, std::uint32_t number)
{
    if (kind == LogKind::Tpm)
        return "PCR " + std::to_string(number);
    return number == 0 ? "MRTD" : "RTMR" + std::to_string(number - 1);
}

EventLog EventLog::parse(ByteView log, LogKind kind)
{
    return withReason(kReason, [&] { return read(log, kind); });
}

std::optional<std::size_t> EventLog::indexOf(HashAlgorithm bank) const noexcept
{
    for (std::size_t i = 0; i < banks.size(); ++i)
        if (hashOf(banks[i].algId) == bank)
            return i;
    return std::nullopt;
}

bool looksLikeEventLog(ByteView bytes) noexcept
{
    constexpr std::size_t kFirstRecord = 32; // bytes of TCG_PCR_EVENT before its data
    constexpr std::string_view kName = kSpecId.substr(0, kSpecId.size() - 1);
    return bytes.size() > kFirstRecord && textOf(bytes.subspan(kFirstRecord)).starts_with(kName);
}

bool looksLikeLegacyLog(ByteView bytes) noexcept
{
    constexpr std::uint32_t kLastOfBios = 0x12; // EV_OMIT_BOOT_DEVICE_EVENTS
    constexpr std::uint32_t kFirstOfEfi = 0x8000'0000, kLastOfEfi = 0x8000'00FF;
    try {
        const EventLog log = EventLog::parse(bytes);
        const auto isKnown = [](const Event& one) {
            return one.type <= kLastOfBios || (one.type >= kFirstOfEfi && one.type <= kLastOfEfi);
        };
        const auto known = std::count_if(log.events.begin(), log.events.end(), isKnown);
        constexpr std::size_t kFewest = 2;
        // Makers of firmware have types of their own.
        return !log.cryptoAgile && log.events.size() >= kFewest &&
               static_cast<std::size_t>(known) * 4 >= log.events.size() * 3;
    } catch (...) {
        return false;
    }
}

} // namespace teehost::kit
