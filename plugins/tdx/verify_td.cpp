// SPDX-License-Identifier: Apache-2.0
//
// Evidence of a TD as people and the host hand it over: its quote, which quote/ judges, and the event log
// that may come with it.
#include <teehost/kit/event_claims.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/tell_checks.h>

#include "tdx/event_log_check.h"
#include "tdx/evidence.h"
#include "tdx/measure/reference_values.h"
#include "tdx/tdx.h"

namespace teehost::tdx {
namespace {

/// What of the reference values a quote is held against; the rest is about the values themselves.
std::vector<th_named> ofTheQuote(std::span<const th_named> reference)
{
    std::vector<th_named> out;
    for (const th_named& one : reference) {
        const std::string_view key = sdk::view(one.key);
        if (!reference::isRemark(key) && !key.starts_with(reference::kUnpredictable) &&
            key != reference::kRtmr0Events)
            out.push_back(one);
    }
    return out;
}

/// The log's checks.
void tellLog(const QuoteVerifier::Judged& judged, const TdEvidence& evidence,
             const sdk::VerifyRequest& request, sdk::Checks out)
{
    LogAppraisal log(judged.quote.body.rtmr,
                     evidence.eventLog ? std::optional(evidence.eventLog->data) : std::nullopt,
                     judged.policy);
    kit::tell(log.run(request.reference, request.expected), out);
    if (log.events())
        out.claim("tdx.event_log.events", std::uint64_t{*log.events()});
}

} // namespace

void Tdx::verify(sdk::Call call, const sdk::VerifyRequest& request, sdk::Checks out)
{
    TdEvidence evidence;
    try {
        evidence = sortEvidence(request.evidence);
    } catch (const kit::InputError& e) {
        return kit::tellUnreadable(check_id::kForm, e.what(), "there is no one quote to look at",
                                   kTdxVerifyChecks, request, out);
    }
    const std::vector<th_named> reference = ofTheQuote(request.reference);
    sdk::VerifyRequest ofQuote = request;
    ofQuote.evidence = {evidence.quote};
    ofQuote.reference = reference;
    const auto judged = verifier_.verify(call, ofQuote, out);
    if (reference.empty() && !request.reference.empty())
        out.error("tdx.reference.none", "none of the reference values is one that a quote is held against",
                  "give those that `teehost measure --backend tdx` computes");
    if (judged)
        tellLog(*judged, evidence, request, out);
}

void Tdx::inspect(sdk::Call call, const sdk::Blob& blob, sdk::Claims out)
{
    if (looksLikeTdLog(blob) == 0)
        return verifier_.inspect(call, blob, out);
    try {
        const kit::EventLog log = parseTdLog(blob.data);
        const Rtmrs made = replayRtmrs(log);
        for (std::size_t i = 0; i < kRtmrs; ++i)
            out.claim("tdx.log.rtmr" + std::to_string(i), sdk::ByteView(made[i]));
        kit::claimEvents(log, "tdx.event", kit::HashAlgorithm::Sha2_384,
                         [&](std::string_view name, const sdk::Value& value) { out.claim(name, value); });
    } catch (const kit::InputError& e) {
        throw sdk::Error(TH_INVALID_ARGUMENT, e.what());
    }
}

} // namespace teehost::tdx
