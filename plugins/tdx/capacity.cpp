// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "tdx/tdx.h"

namespace teehost::tdx {

void Tdx::capacity(sdk::Call, sdk::Capacity out)
{
    // Each TD takes one key id of its own from its first page to its last (Intel TDX module ABI,
    // TDH.MNG.CREATE).
    if (const auto total = host_.keyIds(); total && *total != std::numeric_limits<std::uint64_t>::max())
        out.resource("TDX key ids", *total, host_.keyIdsInUse());
}

} // namespace teehost::tdx
