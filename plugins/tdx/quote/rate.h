// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tdx/quote/verify.h"

namespace teehost::tdx {

/// The checks kPlatform, kQe, kModule, kTcb, kTcbCurrent, and the verdict on the TCB.
void addRatings(const Quote& quote, const PckChain& chain, const Collateral& collateral,
                const VerifyTerms& terms, Verified& out);

} // namespace teehost::tdx
