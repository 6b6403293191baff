// SPDX-License-Identifier: Apache-2.0
#include "log/replay.h"

#include <teehost/kit/input_error.h>

namespace teehost::vtpm {
namespace {

constexpr std::uint32_t kFirstDynamic = 17, kLastDynamic = 22;

std::size_t indexFor(const EventLog& log, HashAlgorithm bank)
{
    const auto index = log.indexOf(bank);
    if (!index)
        throw kit::InputError("replay_bank",
                              "the event log has no digests of " + std::string(kit::nameOf(bank)));
    return *index;
}

} // namespace

PcrValues initialPcrs(HashAlgorithm bank, std::uint8_t locality)
{
    PcrValues values;
    for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
        values[pcr] =
            kit::AnyDigest::filled(kit::sizeOf(bank), pcr >= kFirstDynamic && pcr <= kLastDynamic ? 0xFF : 0);
    values[0].writable().back() = locality;
    return values;
}

Replay replay(const EventLog& log, HashAlgorithm bank)
{
    const std::size_t index = indexFor(log, bank);
    Replay out{initialPcrs(bank, log.startupLocality.value_or(0)), {}};
    kit::AnyHasher hasher(bank);
    for (const Event& event : log.events) {
        if (!event.extends())
            continue;
        if (event.digests[index].empty())
            throw kit::InputError(
                "replay_bank", "an event has no digest of " + std::string(kit::nameOf(bank)), event.offset);
        extendPcr(hasher, out.values[event.pcr], event.digests[index]);
        out.extended.set(event.pcr);
    }
    return out;
}

std::optional<Difference> firstDifference(const EventLog& log, HashAlgorithm bank, std::uint32_t pcr,
                                          std::span<const ExpectedEvent> expected)
{
    const std::size_t index = indexFor(log, bank);
    std::size_t at = 0;
    for (const Event& event : log.events) {
        if (!event.extends() || event.pcr != pcr)
            continue;
        if (at == expected.size())
            return Difference{at, &event, nullptr};
        if (!kit::equal(event.digests[index], expected[at].digest))
            return Difference{at, &event, &expected[at]};
        ++at;
    }
    if (at < expected.size())
        return Difference{at, nullptr, &expected[at]};
    return std::nullopt;
}

std::string explain(const Difference& difference, std::uint32_t pcr)
{
    const std::string where =
        "event " + std::to_string(difference.index + 1) + " of PCR " + std::to_string(pcr);
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

} // namespace teehost::vtpm
