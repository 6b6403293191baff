// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace teehost::launch {

/// Exit statuses of teehost-launch itself, which the programs that it runs do not use.
constexpr int kNeverTold = 125;
constexpr int kCouldNotPrepare = 126;

} // namespace teehost::launch
