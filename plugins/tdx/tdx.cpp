// SPDX-License-Identifier: Apache-2.0
#include "tdx/tdx.h"

#include <algorithm>

#include "tdx/compose.h"
#include "tdx/evidence.h"

namespace teehost::tdx {

int Tdx::recognise(const sdk::Blob& blob)
{
    return std::max(QuoteVerifier::recognise(blob), looksLikeTdLog(blob));
}

void Tdx::compose(sdk::Call, const sdk::Vm& vm, sdk::Fragment out)
{
    composeLaunch(configuration_, host_, vm, out);
}

} // namespace teehost::tdx
