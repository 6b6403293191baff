// SPDX-License-Identifier: Apache-2.0
//
// Levels that a security version number is rated by: of TDX modules in TCB info, of the quoting enclave in
// its identity.
#pragma once

#include <cstdint>
#include <vector>

#include "tdx/quote/tcb_status.h"

namespace teehost::tdx {

class JsonFields; // json_fields.h

/// What rates whoever has at least this ISVSVN.
struct IsvLevel {
    std::uint16_t isvSvn = 0;
    TcbRating rating;
};

/// tcbStatus, tcbDate and advisoryIDs of a level.
[[nodiscard]] TcbRating readRating(const JsonFields& level);
/// "tcbLevels", the highest first.
[[nodiscard]] std::vector<IsvLevel> readIsvLevels(const JsonFields& owner);

/// The highest level that is reached, or null.
[[nodiscard]] const TcbRating* ratingOf(const std::vector<IsvLevel>& levels, std::uint16_t isv_svn) noexcept;

} // namespace teehost::tdx
