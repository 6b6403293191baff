// SPDX-License-Identifier: Apache-2.0
//
// A TD's log is refused, or its events lie in it one after the other, replay, and can be shown; and what a
// register's events are is no difference to themselves. Input: the log.
#include <algorithm>

#include "tdx/measure/td_log.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;
using namespace teehost::tdx;

namespace {

void comparesWithItself(const kit::EventLog& log, std::size_t index)
{
    for (std::size_t rtmr = 0; rtmr < kRtmrs; ++rtmr) {
        TdEvents events;
        for (const kit::Event& event : log.events) {
            if (!event.extends() || event.reg != rtmr + 1)
                continue;
            TdEvent one{"event", "", {}};
            std::copy(event.digests[index].begin(), event.digests[index].end(), one.digest.begin());
            events.push_back(one);
        }
        fuzz::require(rtmrOf(events) == replayRtmrs(log)[rtmr], "a register is what its events make");
        fuzz::require(!explainDifference(log, rtmr, events), "a log is as it is");
        events.push_back({"more", "", {}});
        fuzz::requirePrintable(explainDifference(log, rtmr, events).value(), "a difference can be shown");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto log = fuzz::unlessInputError([&] { return parseTdLog({data, size}); });
    if (!log)
        return 0;
    std::size_t end = 0;
    for (const kit::Event& event : log->events) {
        fuzz::require(event.reg < kit::kCcelRegisters && event.offset >= end && event.offset < size,
                      "events are in order");
        fuzz::require(event.data.empty() || event.data.data() + event.data.size() <= data + size,
                      "an event's data lies in the log");
        end = event.offset + 12;
        fuzz::requirePrintable(describe(event), "an event can be shown");
    }
    fuzz::require(log->bytesUsed >= end && log->bytesUsed <= size, "the events end in the log");
    static_cast<void>(acpiOf(*log));
    if (fuzz::unlessInputError([&] { return replayRtmrs(*log); }))
        comparesWithItself(*log, log->indexOf(kit::HashAlgorithm::Sha2_384).value());
    return 0;
}
