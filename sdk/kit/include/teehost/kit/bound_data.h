// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "teehost/kit/bytes.h"
#include "teehost/kit/check_line.h"

namespace teehost::kit {

/// Whether a report's 64 bytes for the guest's use bind what they must: `wanted`, with zeros behind it where
/// it is shorter, as the 32 bytes of a hash are put. Compared in constant time.
[[nodiscard]] CheckLine boundDataCheck(std::string_view id, std::string_view reason, ByteView wanted,
                                       ByteView bound);

} // namespace teehost::kit
