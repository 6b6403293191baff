// SPDX-License-Identifier: Apache-2.0
//
// Is this quote a genuine one, of a TDX module and a platform that Intel vouches for, and how does Intel rate
// them? What the quote says of the TD, and which ratings will do, is then for a policy (appraisal.h).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tdx/quote/collateral.h"
#include "tdx/quote/quote.h"

namespace teehost::tdx {

enum class CrlMode { Off, IfPresent, Required };
enum class CollateralMode { Off, Required };

struct VerifyTerms {
    kit::UnixSeconds at = 0; ///< certificates, CRLs and collateral must be valid then
    std::span<const Anchor> anchors;
    CrlMode crl = CrlMode::Required;
    CollateralMode collateral = CollateralMode::Required;
    std::string troubles{}; ///< why collateral that is missing could not be fetched
};

/// How Intel rates it all.
struct TcbVerdict {
    TcbRating platform; ///< by the level that is reached
    std::optional<TcbRating> module;
    TcbRating qe;
    TcbRating launch;                      ///< of all three, with the module that started the TD
    std::optional<TcbRating> current;      ///< the same with the module that runs now, since TDX 1.5
    TcbStatus status = TcbStatus::Revoked; ///< what `launch` and `current` come to
    std::uint32_t tcbInfoNumber = 0, qeIdentityNumber = 0; ///< tcbEvaluationDataNumber
};

struct Verified {
    /// Every check in its order, whatever fails before it, as far as it can be made.
    std::vector<kit::CheckLine> lines;
    std::optional<TcbVerdict> tcb; ///< when everything could be rated
};

[[nodiscard]] Verified verifyQuote(const Quote& quote, const PckChain& chain, const Collateral& collateral,
                                   const VerifyTerms& terms);

/// The checks of a set of collateral by itself: kTcbInfo, kQeIdentity, kFresh.
[[nodiscard]] std::vector<kit::CheckLine> verifyCollateral(const Collateral& collateral,
                                                           const VerifyTerms& terms);
/// The check kCrl.
[[nodiscard]] kit::CheckLine verifyCrls(const Collateral& collateral, const VerifyTerms& terms);

} // namespace teehost::tdx
