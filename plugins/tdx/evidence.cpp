// SPDX-License-Identifier: Apache-2.0
#include "tdx/evidence.h"

#include <algorithm>
#include <string>

#include <teehost/kit/event_log.h>
#include <teehost/kit/input_error.h>

#include "tdx/measure/td_log.h"

namespace teehost::tdx {
namespace {

constexpr std::string_view kLogKind = "tdx.event_log";
constexpr std::string_view kNamedLog = "event_log"; // by the option of a person

[[noreturn]] void refuse(const std::string& what)
{
    throw kit::InputError("PIECES", what +
                                        "; give one quote, and its event log if there is one; certificates, "
                                        "CRLs and Intel's documents are collateral");
}

} // namespace

TdEvidence sortEvidence(const std::vector<sdk::Blob>& blobs)
{
    TdEvidence out;
    std::size_t quotes = 0, logs = 0;
    for (const sdk::Blob& blob : blobs) {
        const bool isLog = blob.kind == kLogKind || blob.kind == kNamedLog ||
                           (blob.kind.empty() && kit::looksLikeEventLog(blob.data));
        ++(isLog ? logs : quotes);
        if (isLog)
            out.eventLog = blob;
        else
            out.quote = blob;
    }
    if (quotes != 1 || logs > 1)
        refuse("one quote of a TD is verified at a time; " + std::to_string(quotes) + " and " +
               std::to_string(logs) + " event logs are given");
    return out;
}

int looksLikeTdLog(const sdk::Blob& blob)
{
    constexpr int kCertain = 100,
                  kLikely = 97; // TPM's logs begin alike; most have banks and PCRs a TD has not
    if (blob.kind == kLogKind)
        return kCertain;
    if (!blob.kind.empty() || !kit::looksLikeEventLog(blob.data))
        return 0;
    try {
        const kit::EventLog log = parseTdLog(blob.data);
        return log.banks.size() == 1 && log.indexOf(kit::HashAlgorithm::Sha2_384) ? kLikely : 0;
    } catch (const kit::InputError&) {
        return 0;
    }
}

} // namespace teehost::tdx
