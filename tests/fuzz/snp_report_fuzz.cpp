// SPDX-License-Identifier: Apache-2.0
//
// Whatever is done to a genuine report, it is accepted only when nothing was done to it; and any bytes can be
// looked at. Input: three bytes a change, offset and what its byte is XORed with; the same bytes are then
// read as evidence.
#include "claims.h"
#include "report/evidence.h"
#include "report/verify.h"
#include "snp_factory/hierarchy.h"
#include "tests/fuzz/refusal.h"

namespace {

using namespace teehost;
using namespace teehost::sev_snp;

struct Genuine {
    snp_factory::Hierarchy hierarchy{ProductLine::Milan};
    snp_factory::ReportTerms terms{.chip = snp_factory::chipId(ProductLine::Milan)};
    kit::Bytes report = snp_factory::makeReport(terms, hierarchy.vekKey);
    ChainFacts chain = ChainFacts::of(
        {snp_factory::vendor(snp_factory::makeCertificate(hierarchy.vcekTerms(terms.tcb, terms.chip))),
         snp_factory::vendor(hierarchy.ask), snp_factory::vendor(hierarchy.ark)},
        {});
    std::vector<kit::Sha256Digest> roots{hierarchy.ark.fingerprint()};
};

void acceptsNothingElse(kit::ByteView changes)
{
    static const Genuine genuine;
    kit::Bytes report = genuine.report;
    for (; changes.size() >= 3; changes = changes.subspan(3)) {
        const std::size_t offset = (static_cast<std::size_t>(changes[0]) << 8 | changes[1]) % report.size();
        report[offset] ^= changes[2];
    }
    const auto lines =
        verifyReport(Report::parse(report), &genuine.chain, {snp_factory::kNow, genuine.roots});
    fuzz::require((firstObjection(lines) == nullptr) == (report == genuine.report),
                  "a changed report is refused");
    for (const CheckLine& line : lines)
        fuzz::requirePrintable(line.message, "a check can be shown");
}

void canBeLookedAt(kit::ByteView bytes)
{
    const auto evidence = fuzz::unlessInputError([&] { return readEvidence(bytes); });
    fuzz::require(evidence.has_value() || looksLikeEvidence(bytes) == 0,
                  "what cannot be read is not recognised");
    if (!evidence)
        return;
    const Report report = Report::parse(evidence->report);
    std::size_t claims = 0;
    claimReport(report, lineOf(report, nullptr), [&](std::string_view, const sdk::Value&) { ++claims; });
    fuzz::require(claims > 30, "everything is claimed");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    acceptsNothingElse({data, size});
    canBeLookedAt({data, size});
    return 0;
}
