// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <teehost/plugin.hpp>

namespace teehost::tdx {

/// What evidence of a TD is made of: a quote, and the event log of its boot (ACPI table CCEL) if it came
/// along.
struct TdEvidence {
    sdk::Blob quote;
    std::optional<sdk::Blob> eventLog;
};

/// Told apart by their kind ("tdx.quote", "tdx.event_log", "event_log"), or by their bytes. InputError when
/// there is not one quote and at most one log.
[[nodiscard]] TdEvidence sortEvidence(const std::vector<sdk::Blob>& blobs);

/// 0 to 100: how surely it is a TD's event log, and not a TPM's.
[[nodiscard]] int looksLikeTdLog(const sdk::Blob& blob);

} // namespace teehost::tdx
