// SPDX-License-Identifier: Apache-2.0
//
// A message is refused, or has a key and quotes whose parts lie in it; verifying it ends in named checks,
// none of which accepts a key that nobody vouches for. Input: the message.
#include <algorithm>

#include "evidence/checks.h"
#include "evidence/verify.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;
using namespace teehost::vtpm;

namespace {

void liesIn(kit::ByteView part, kit::ByteView whole)
{
    fuzz::require(part.empty() || (part.data() >= whole.data() &&
                                   part.data() + part.size() <= whole.data() + whole.size()),
                  "a part lies in the message");
}

void isJudged(const Evidence& evidence)
{
    const Verified verified = verifyEvidence(evidence, {.nonce = evidence.akPublic.first(1)});
    const auto* failure = kit::firstObjection(verified.lines);
    fuzz::require(failure != nullptr, "a key that nobody vouches for is refused");
    for (const auto& line : verified.lines) {
        fuzz::requirePrintable(line.message, "a check can be shown");
        const auto times = std::count_if(verified.lines.begin(), verified.lines.end(),
                                         [&](const auto& one) { return one.id == line.id; });
        fuzz::require(times == 1, "a check is made once");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const kit::ByteView message(data, size);
    if (const auto evidence = fuzz::unlessInputError([&] { return readAttestation(message); })) {
        fuzz::require(!evidence->akPublic.empty() && !evidence->quotes.empty() &&
                          evidence->quotes.size() <= kMostQuotes,
                      "there is a key, and there are quotes");
        for (const auto part : {evidence->akPublic, evidence->eventLog, evidence->akCertificate})
            liesIn(part, message);
        for (const QuoteParts& quote : evidence->quotes) {
            liesIn(quote.attest, message);
            fuzz::require(quote.pcrs.size() <= kPcrs, "a quote has 24 PCRs at most");
        }
        isJudged(*evidence);
    }
    if (const auto snp = fuzz::unlessInputError([&] { return readSnpAttestation(message); }))
        fuzz::require(snp->report.size() == 0x4A0, "a report has its size");
    return 0;
}
