// SPDX-License-Identifier: Apache-2.0
//
// The verification of TDs' quotes as the plugin offers it: where the host's request meets the rest of this
// folder. Options read at each call: pcs_url, crl.
#pragma once

#include <optional>

#include <teehost/kit/lru_cache.h>
#include <teehost/plugin.hpp>

#include "tdx/quote/collateral_finder.h"
#include "tdx/quote/pck_chain.h"
#include "tdx/quote/policy.h"

namespace teehost::tdx {

/// Thread-safe: what it keeps are caches.
class QuoteVerifier {
public:
    struct Judged {
        Quote quote; ///< views of the request's evidence
        Policy policy;
    };
    /// Reports the checks of kTdxVerifyChecks (checks.h), and claims. Nothing when the quote cannot be read.
    std::optional<Judged> verify(sdk::Call call, const sdk::VerifyRequest& request, sdk::Checks out);
    void inspect(sdk::Call call, const sdk::Blob& blob, sdk::Claims out);
    [[nodiscard]] static int recognise(const sdk::Blob& blob);

private:
    struct Found {
        std::shared_ptr<const PckChain> chain;
        std::shared_ptr<const Collateral> collateral;
        std::vector<Anchor> anchors;
        std::string troubles; ///< why something could not be fetched
    };
    Found find(sdk::Call call, const sdk::VerifyRequest& request, const Quote& quote, const Policy& policy,
               CrlMode crl);

    kit::LruCache<PckChain> chains_; ///< by the PEM text in the quote: one for each host
    CollateralCache collateral_;
};

} // namespace teehost::tdx
