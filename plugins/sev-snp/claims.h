// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include <teehost/plugin.hpp>

#include "report/report.h"

namespace teehost::sev_snp {

using ClaimTaker = std::function<void(std::string_view key, const sdk::Value& value)>;

/// Everything the report says, one claim a fact, keys "snp.*". TCBs are raw bytes where the line is not
/// known.
void claimReport(const Report& report, std::optional<ProductLine> line, const ClaimTaker& claim);

} // namespace teehost::sev_snp
