// SPDX-License-Identifier: Apache-2.0
//
// A TD's event log beside its quote, and the registers that were not predicted.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <teehost/kit/check_line.h>
#include <teehost/plugin.hpp>

#include "tdx/measure/td_log.h"
#include "tdx/quote/policy.h"

namespace teehost::tdx {

/// Checks tdx.event_log, tdx.unpredicted and, with the policy's acpi = log, tdx.measurement.rtmr0.
class LogAppraisal {
public:
    /// `rtmrs` are the quote's; the log is absent when none came along.
    LogAppraisal(const std::array<kit::Sha384Digest, kRtmrs>& rtmrs, std::optional<kit::ByteView> log,
                 const Policy& policy);

    [[nodiscard]] std::vector<kit::CheckLine> run(std::span<const th_named> reference,
                                                  const std::vector<sdk::RegisterValue>& expected);
    /// Events in the log, when it makes the quote's registers.
    [[nodiscard]] std::optional<std::size_t> events() const noexcept { return events_; }

private:
    [[nodiscard]] kit::CheckLine replay();
    [[nodiscard]] std::optional<kit::CheckLine> rtmr0ByLog(std::span<const th_named> reference) const;
    [[nodiscard]] std::optional<std::string> whyOpen(std::size_t index, std::span<const th_named> reference,
                                                     const std::vector<sdk::RegisterValue>& expected) const;
    [[nodiscard]] std::optional<kit::CheckLine>
    unpredicted(std::span<const th_named> reference, const std::vector<sdk::RegisterValue>& expected) const;

    const std::array<kit::Sha384Digest, kRtmrs>& rtmrs_;
    std::optional<kit::ByteView> bytes_;
    const Policy& policy_;
    std::optional<AcpiTables> acpi_; ///< of a log that makes the registers
    std::optional<std::size_t> events_;
    bool rtmr0Judged_ = false;
};

} // namespace teehost::tdx
