// SPDX-License-Identifier: Apache-2.0
//
// The set of collateral for a quote: what is given, and what is missing of it from where the host fetches.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <teehost/kit/fetch.h>
#include <teehost/kit/lru_cache.h>

#include "tdx/quote/verify.h"

namespace teehost::tdx {

/// What was worked out of sets of collateral, for the chain and the anchors it was worked out with.
using CollateralCache = kit::LruCache<Collateral>;

class CollateralFinder {
public:
    struct Terms {
        std::string pcs; ///< base of URLs
        CrlMode crl;
        CollateralMode collateral;
        kit::Network network;
        bool mayFetch;
    };
    /// All of these must outlive it.
    CollateralFinder(sdk::Call call, const PckChain& chain, std::span<const Anchor> anchors,
                     CollateralCache& cache, Terms terms)
        : call_(call), chain_(chain), anchors_(anchors), cache_(cache), terms_(std::move(terms))
    {
    }

    /// `key` is of the chain and the anchors. InputError COLLATERAL when what is given cannot be read.
    [[nodiscard]] std::shared_ptr<const Collateral> find(const kit::Sha256Digest& key,
                                                         const std::vector<sdk::Blob>& given);

    /// Why something could not be fetched; one sentence, or empty.
    [[nodiscard]] const std::string& troubles() const noexcept { return troubles_; }

private:
    struct Wanted {
        std::string url;
        std::chrono::hours age;
    };
    [[nodiscard]] std::vector<Wanted> missingOf(const Collateral& its) const;
    std::vector<kit::Bytes> fetch(const std::vector<Wanted>& wanted, bool anew);
    [[nodiscard]] std::shared_ptr<const Collateral> known(const kit::Sha256Digest& key,
                                                          const std::vector<sdk::Blob>& given,
                                                          const std::vector<kit::Bytes>& fetched);
    [[nodiscard]] bool isFetchUseful() const;

    sdk::Call call_;
    const PckChain& chain_;
    std::span<const Anchor> anchors_;
    CollateralCache& cache_;
    Terms terms_;
    std::string troubles_;
};

} // namespace teehost::tdx
