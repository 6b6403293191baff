// SPDX-License-Identifier: Apache-2.0
//
// A set of collateral, and everything about it that depends on no quote and no time: whose signatures it has,
// and what is in it. Worked out once, and kept (verify_plugin.h).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <teehost/kit/check_line.h>

#include "tdx/quote/anchors.h"
#include "tdx/quote/collateral_pool.h"
#include "tdx/quote/pck_chain.h"
#include "tdx/quote/qe_identity.h"
#include "tdx/quote/tcb_info.h"

namespace teehost::tdx {

/// A document: why it cannot be relied on, or what it says.
template <class Content>
struct Document {
    bool given = false;
    std::optional<kit::Fault> fault; ///< of the signer's chain, of the signature, of the contents
    std::optional<Content> content;  ///< only without a fault
    kit::Sha256Digest signedDigest{};
};

struct CrlFacts {
    bool given = false;
    bool isSigned = false;
    kit::Validity validity;       ///< of the newest, where there are several
    std::size_t revokedCount = 0; ///< of the newest
};

struct Collateral {
    /// `chain` is of the quote whose platform the collateral is for; null, or one that is not whole, when
    /// there is none.
    [[nodiscard]] static Collateral of(const CollateralPool& pool, const PckChain* chain,
                                       std::span<const Anchor> anchors);

    /// When everything in it counts: the intersection of all validities.
    [[nodiscard]] kit::Validity window() const;

    Document<TcbInfo> tcbInfo;
    Document<QeIdentity> qeIdentity;
    std::vector<NamedValidity> signers; ///< of both documents, with their roots
    CrlFacts rootCrl, pckCrl;
    std::string unreadCrl;             ///< why a CRL that is given cannot be read; empty when all can
    std::optional<kit::Fault> revoked; ///< a certificate of the chain, or a signer, by a CRL that is signed
};

} // namespace teehost::tdx
