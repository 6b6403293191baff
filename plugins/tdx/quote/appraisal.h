// SPDX-License-Identifier: Apache-2.0
//
// What a quote says, and how Intel rates where it comes from, held against what a verification asks for.
#pragma once

#include <vector>

#include <teehost/kit/check_line.h>
#include <teehost/plugin.hpp>

#include "tdx/quote/policy.h"
#include "tdx/quote/verify.h"

namespace teehost::tdx {

/// What is judged whether somebody asks or not: kTcbStatus, kDebug, kAttributes, kXfam, kMigration. `tcb` is
/// null when there is no verdict on it.
[[nodiscard]] std::vector<kit::CheckLine> appraiseDefaults(const TdReport& report, const TcbVerdict* tcb,
                                                           const Policy& policy, kit::UnixSeconds at);

/// The rules of the policy that are about the quote, one check each.
[[nodiscard]] std::vector<kit::CheckLine> appraisePolicy(const Quote& quote, const TcbVerdict* tcb,
                                                         const Policy& policy);

/// What the request asks for beside its policy: report data, measurements, reference values.
[[nodiscard]] std::vector<kit::CheckLine> appraiseRequest(const TdReport& report, const Policy& policy,
                                                          const sdk::VerifyRequest& request);

} // namespace teehost::tdx
