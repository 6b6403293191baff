// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/td_log.h"

#include <algorithm>
#include <vector>

#include <teehost/kit/event_log_replay.h>

namespace teehost::tdx {
namespace {

constexpr auto kBank = kit::HashAlgorithm::Sha2_384;
constexpr std::uint32_t kFirstRtmr = 1; // number of RTMR0 in a log

kit::Sha384Digest digestOf(kit::ByteView bytes)
{
    kit::Sha384Digest out{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
    return out;
}

} // namespace

kit::EventLog parseTdLog(kit::ByteView log) { return kit::EventLog::parse(log, kit::LogKind::Ccel); }

Rtmrs replayRtmrs(const kit::EventLog& log)
{
    const kit::Replay replayed = kit::replay(log, kBank);
    Rtmrs out;
    for (std::size_t i = 0; i < kRtmrs; ++i)
        out[i] = digestOf(replayed.values[kFirstRtmr + i].view());
    return out;
}

std::array<std::size_t, kRtmrs> countEvents(const kit::EventLog& log)
{
    std::array<std::size_t, kRtmrs> out{};
    for (const kit::Event& event : log.events)
        if (event.extends() && event.reg >= kFirstRtmr)
            ++out[event.reg - kFirstRtmr];
    return out;
}

std::optional<AcpiTables> acpiOf(const kit::EventLog& log)
{
    const auto index = log.indexOf(kBank);
    if (!index)
        return std::nullopt;
    std::vector<kit::Sha384Digest> digests;
    for (const kit::Event& event : log.events)
        if (event.reg == kFirstRtmr && event.type == kit::event_type::kPlatformConfigFlags &&
            kit::textOf(event.data) == "ACPI DATA" && !event.digests[*index].empty())
            digests.push_back(digestOf(event.digests[*index]));
    if (digests.size() != 3)
        return std::nullopt;
    return AcpiTables{digests[0], digests[1], digests[2], AcpiOrigin::Log,
                      "the guest's event log: what the tables are was not checked"};
}

std::optional<std::string> explainDifference(const kit::EventLog& log, std::size_t rtmr,
                                             const TdEvents& expected)
{
    std::vector<kit::ExpectedEvent> events;
    for (const TdEvent& event : expected)
        events.push_back({{event.digest.begin(), event.digest.end()}, event.what});
    const auto number = static_cast<std::uint32_t>(kFirstRtmr + rtmr);
    const auto difference = kit::firstDifference(log, kBank, number, events);
    if (!difference)
        return std::nullopt;
    return kit::explain(*difference, kit::nameOfRegister(log.kind, number));
}

} // namespace teehost::tdx
