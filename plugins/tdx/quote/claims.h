// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include <teehost/plugin.hpp>

#include "tdx/quote/collateral.h"
#include "tdx/quote/quote.h"
#include "tdx/quote/verify.h"

namespace teehost::tdx {

using ClaimTaker = std::function<void(std::string_view key, const sdk::Value& value)>;

/// Everything the quote says, one claim a fact, keys "tdx.*".
void claimQuote(const Quote& quote, const ClaimTaker& claim);
/// What the PCK certificate says of the platform.
void claimPlatform(const PckExtension& platform, const ClaimTaker& claim);
/// How Intel rates it all: "tdx.tcb.*".
void claimTcb(const TcbVerdict& tcb, const ClaimTaker& claim);

} // namespace teehost::tdx
