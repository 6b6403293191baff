// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/event_log_replay.h"

#include "teehost/kit/input_error.h"

namespace teehost::kit {
namespace {

constexpr std::uint32_t kFirstDynamic = 17, kLastDynamic = 22;
constexpr std::uint32_t kMrtd = 0; // of a CCEL

std::size_t indexFor(const EventLog& log, HashAlgorithm bank)
{
    const auto index = log.indexOf(bank);
    if (!index)
        throw InputError("replay_bank", "the event log has no digests of " + std::string(nameOf(bank)));
    return *index;
}

} // namespace

RegisterValues initialRegisters(LogKind kind, HashAlgorithm bank, std::uint8_t locality)
{
    RegisterValues values(registersOf(kind), AnyDigest::filled(sizeOf(bank), 0));
    if (kind != LogKind::Tpm)
        return values;
    for (std::uint32_t pcr = kFirstDynamic; pcr <= kLastDynamic; ++pcr)
        values[pcr] = AnyDigest::filled(sizeOf(bank), 0xFF);
    values[0].writable().back() = locality;
    return values;
}

Replay replay(const EventLog& log, HashAlgorithm bank)
{
    const std::size_t index = indexFor(log, bank);
    Replay out{initialRegisters(log.kind, bank, log.startupLocality.value_or(0)), {}};
    AnyHasher hasher(bank);
    for (const Event& event : log.events) {
        if (!event.extends() || (log.kind == LogKind::Ccel && event.reg == kMrtd))
            continue;
        if (event.digests[index].empty())
            throw InputError("replay_bank", "an event has no digest of " + std::string(nameOf(bank)),
                             event.offset);
        extendRegister(hasher, out.values[event.reg], event.digests[index]);
        out.extended.set(event.reg);
    }
    return out;
}

std::optional<Difference> firstDifference(const EventLog& log, HashAlgorithm bank, std::uint32_t reg,
                                          std::span<const ExpectedEvent> expected)
{
    const std::size_t index = indexFor(log, bank);
    std::size_t at = 0;
    for (const Event& event : log.events) {
        if (!event.extends() || event.reg != reg)
            continue;
        if (at == expected.size())
            return Difference{at, &event, nullptr};
        if (!equal(event.digests[index], expected[at].digest))
            return Difference{at, &event, &expected[at]};
        ++at;
    }
    if (at < expected.size())
        return Difference{at, nullptr, &expected[at]};
    return std::nullopt;
}

std::string explain(const Difference& difference, const std::string& register_name)
{
    const std::string where = "event " + std::to_string(difference.index + 1) + " of " + register_name;
    const auto shown = [](const Event& event) {
        const std::string text = describe(event);
        return nameOfType(event.type) + (text.empty() ? "" : " " + text);
    };
    if (difference.logged == nullptr)
        return where + " (" + difference.expected->what + ") is not in the log";
    if (difference.expected == nullptr)
        return where + " is not expected: " + shown(*difference.logged);
    return where + " differs: " + difference.expected->what + " is expected, the log says " +
           shown(*difference.logged);
}

} // namespace teehost::kit
