// SPDX-License-Identifier: Apache-2.0
//
// A log is refused, or its events lie in it one after the other, replay in each bank that all of them have,
// and can be shown. Input: the log.
#include "log/boot_facts.h"
#include "log/event_log.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;
using namespace teehost::vtpm;

namespace {

void replays(const EventLog& log, HashAlgorithm bank)
{
    const auto replayed = fuzz::unlessInputError([&] { return replay(log, bank); });
    if (!replayed)
        return;
    const kit::RegisterValues start =
        initialRegisters(kit::LogKind::Tpm, bank, log.startupLocality.value_or(0));
    for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
        fuzz::require(replayed->extended[pcr] || kit::equal(start[pcr].view(), replayed->values[pcr].view()),
                      "a PCR without events is as it was");
    static_cast<void>(secureBoot(log, bank));
    static_cast<void>(kernelDigest(log, bank));
    static_cast<void>(isCommandLine(log, bank, "quiet"));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto log = fuzz::unlessInputError([&] { return EventLog::parse({data, size}); });
    if (!log)
        return 0;
    std::size_t end = 0;
    for (const Event& event : log->events) {
        fuzz::require(event.reg < kPcrs && event.offset >= end && event.offset < size, "events are in order");
        fuzz::require(event.data.empty() || event.data.data() + event.data.size() <= data + size,
                      "an event's data lies in the log");
        end = event.offset + 32;
        for (std::size_t i = 0; i < event.digests.size(); ++i)
            fuzz::require(event.digests[i].empty() ||
                              (i < log->banks.size() && event.digests[i].size() == log->banks[i].digestSize),
                          "a digest is as long as its bank's");
        fuzz::requirePrintable(describe(event), "an event can be shown");
        fuzz::requirePrintable(nameOfType(event.type), "a type can be shown");
    }
    for (const auto& bank : log->banks)
        if (const auto known = hashOf(bank.algId))
            replays(*log, *known);
    return 0;
}
