// SPDX-License-Identifier: Apache-2.0
//
// The identity of the enclave that signs TDs' quotes, and how Intel rates its versions (Intel PCS API v4,
// "Enclave Identity V2").
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <teehost/kit/check_line.h>

#include "tdx/quote/quote.h"
#include "tdx/quote/tcb_levels.h"

namespace teehost::tdx {

struct QeIdentity {
    /// From the signed JSON object. InputError QE_IDENTITY_FORMAT; QE_IDENTITY_TYPE when it is of another
    /// enclave than TD_QE, or of another version than 2 and 3.
    [[nodiscard]] static QeIdentity parse(std::string_view json);

    /// Why an enclave is not this one: QE_MISC, QE_ATTR, QE_MRSIGNER, QE_PRODID. An enclave that can be
    /// debugged never is.
    [[nodiscard]] std::optional<kit::Fault> mismatch(const QeReport& qe) const;

    kit::Validity validity; ///< issueDate to nextUpdate
    std::uint32_t evaluationDataNumber = 0;
    std::array<std::uint8_t, 4> miscSelect{}, miscSelectMask{}; ///< in the order of memory
    std::array<std::uint8_t, 16> attributes{}, attributesMask{};
    std::array<std::uint8_t, 32> mrSigner{};
    std::uint16_t isvProdId = 0;
    std::vector<IsvLevel> levels; ///< the highest first
};

/// QE_ATTR, whatever the identity: what an enclave that can be debugged signs proves nothing.
[[nodiscard]] std::optional<kit::Fault> debugFault(const QeReport& qe);

} // namespace teehost::tdx
