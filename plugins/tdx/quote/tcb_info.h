// SPDX-License-Identifier: Apache-2.0
//
// TCB info: how Intel rates the versions of a kind of platform, FMSPC, and of the TDX modules on it (Intel
// PCS API v4, "TCB Info V3").
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tdx/quote/quote.h"
#include "tdx/quote/tcb_levels.h"

namespace teehost::tdx {

/// Who signs a TDX module, and which attributes it has.
struct ModuleIdentity {
    Register mrSigner{};
    Bits attributes{}, attributesMask{};
};

struct TcbInfo {
    /// From the signed JSON object. InputError TCB_INFO_FORMAT; TCB_INFO_TYPE when it is of something else
    /// than TDX, or of another version than 3.
    [[nodiscard]] static TcbInfo parse(std::string_view json);

    kit::Validity validity; ///< issueDate to nextUpdate
    std::array<std::uint8_t, 6> fmspc{};
    std::array<std::uint8_t, 2> pceId{};
    std::uint32_t evaluationDataNumber = 0;
    ModuleIdentity module; ///< of major version 0
    struct VersionedModule {
        std::string id; ///< "TDX_01"
        ModuleIdentity identity;
        std::vector<IsvLevel> levels;
    };
    std::vector<VersionedModule> modules;
    struct Level {
        Svns sgx{};
        std::uint16_t pceSvn = 0;
        Svns tdx{};
        TcbRating rating;
    };
    std::vector<Level> levels; ///< the highest first
};

} // namespace teehost::tdx
