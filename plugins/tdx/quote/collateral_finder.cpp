// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/collateral_finder.h"

#include <teehost/kit/input_error.h>

#include "tdx/quote/pcs.h"

namespace teehost::tdx {
namespace {

using std::chrono_literals::operator""h;

// How long what was fetched counts as it is: it says itself until when it counts, but a newer one may be out.
constexpr std::chrono::hours kDocumentAge = 24h, kCrlAge = 24h;

/// Whether there is a document together with who signed it.
template <class Content>
bool isThere(const Document<Content>& document)
{
    return document.given && !(document.fault && document.fault->reason == "COLLATERAL_MISSING");
}

} // namespace

bool CollateralFinder::isFetchUseful() const
{
    // Who has made up a platform does not make the host fetch for it.
    return terms_.mayFetch && chain_.extension && !chain_.format && !chain_.signatures &&
           isTrusted(chain_.rootId, anchors_);
}

std::vector<CollateralFinder::Wanted> CollateralFinder::missingOf(const Collateral& its) const
{
    std::vector<Wanted> out;
    if (!isFetchUseful())
        return out;
    if (terms_.collateral == CollateralMode::Required) {
        if (!isThere(its.tcbInfo))
            out.push_back({tcbInfoUrl(terms_.pcs, chain_.extension->fmspc), kDocumentAge});
        if (!isThere(its.qeIdentity))
            out.push_back({qeIdentityUrl(terms_.pcs), kDocumentAge});
    }
    if (terms_.crl == CrlMode::Off)
        return out;
    const bool isPlatform = chain_.issuer().subjectCommonName() == subject::kPlatformCa;
    if (!its.pckCrl.given)
        out.push_back({pckCrlUrl(terms_.pcs, isPlatform ? PckCa::Platform : PckCa::Processor), kCrlAge});
    if (!its.rootCrl.given)
        out.push_back({rootCrlUrl(terms_.pcs), kCrlAge});
    return out;
}

std::vector<kit::Bytes> CollateralFinder::fetch(const std::vector<Wanted>& wanted, bool anew)
{
    std::vector<kit::Bytes> out;
    for (const Wanted& one : wanted) {
        try {
            const auto age = anew ? std::chrono::nanoseconds(1) : std::chrono::nanoseconds(one.age);
            auto answer = kit::fetchCollateral(call_, one.url, age, terms_.network);
            out.push_back(std::move(answer.body));
            for (const auto& [name, value] : answer.headers)
                if (isIssuerChainHeader(name))
                    out.emplace_back(value.begin(), value.end());
        } catch (const sdk::Error& e) {
            troubles_ = e.what();
        }
    }
    return out;
}

std::shared_ptr<const Collateral> CollateralFinder::known(const kit::Sha256Digest& key,
                                                          const std::vector<sdk::Blob>& given,
                                                          const std::vector<kit::Bytes>& fetched)
{
    kit::ContentKey content;
    content.add(key);
    for (const auto& blob : given)
        content.add(blob.data);
    for (const auto& blob : fetched)
        content.add(blob);
    const auto all = content.finish();
    if (auto facts = cache_.find(all))
        return facts;
    CollateralPool pool(chain_.certificates);
    for (const auto& blob : given)
        pool.add(blob.data);
    for (const auto& blob : fetched) {
        try {
            const std::size_t unread = pool.unreadCrls().size();
            pool.add(blob);
            if (pool.unreadCrls().size() > unread)
                throw kit::InputError("COLLATERAL", pool.unreadCrls().back());
        } catch (const kit::InputError& e) {
            troubles_ = std::string("what was fetched cannot be used: ") + e.what();
        }
    }
    auto facts = std::make_shared<const Collateral>(Collateral::of(pool, &chain_, anchors_));
    cache_.keep(all, facts);
    return facts;
}

std::shared_ptr<const Collateral> CollateralFinder::find(const kit::Sha256Digest& key,
                                                         const std::vector<sdk::Blob>& given)
{
    auto facts = known(key, given, {});
    const auto wanted = missingOf(*facts);
    if (wanted.empty())
        return facts;
    const bool bothFetched = !facts->tcbInfo.given && !facts->qeIdentity.given;
    facts = known(key, given, fetch(wanted, /*anew=*/false));
    // The host may have kept one of both from before a new evaluation, and the other from after it: a set is
    // of one time.
    const bool isSplit =
        facts->tcbInfo.content && facts->qeIdentity.content &&
        facts->tcbInfo.content->evaluationDataNumber != facts->qeIdentity.content->evaluationDataNumber;
    if (isSplit && bothFetched && terms_.network == kit::Network::Allowed)
        facts = known(key, given, fetch(wanted, /*anew=*/true));
    return facts;
}

} // namespace teehost::tdx
