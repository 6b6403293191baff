// SPDX-License-Identifier: Apache-2.0
//
// A list is refused, or the PCR its consistent records make is found again after all of them, and after none
// is found one that they do not make. Input: the list.
#include <algorithm>

#include "log/ima_log.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;
using namespace teehost::vtpm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto log = fuzz::unlessInputError([&] { return ImaLog::parse({data, size}); });
    if (!log)
        return 0;
    const bool consistent = std::all_of(log->entries.begin(), log->entries.end(),
                                        [](const ImaEntry& entry) { return entry.isConsistent(); });
    for (const HashAlgorithm bank : {HashAlgorithm::Sha1, HashAlgorithm::Sha2_256, HashAlgorithm::Sha2_384}) {
        const auto value = replayIma(*log, bank);
        const auto match = matchIma(*log, bank, value.view());
        fuzz::require(match.has_value() == (consistent && !log->entries.empty()),
                      "what consistent records make is found, and nothing else");
        fuzz::require(!match || match->entries == log->entries.size(), "after all of them");
        fuzz::require(!matchIma(*log, bank, kit::AnyDigest::filled(value.size(), 0x5A).view()),
                      "what they do not make is not found");
    }
    if (const auto aggregate = bootAggregate(*log))
        fuzz::require(aggregate->digest.size() == kit::sizeOf(aggregate->bank), "boot_aggregate is a digest");
    return 0;
}
