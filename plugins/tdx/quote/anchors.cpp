// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/anchors.h"

#include <algorithm>

namespace teehost::tdx {
namespace {

constexpr std::array kIntelRoots{
    Anchor{kit::arrayOf<32>("44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"),
           kit::arrayOf<32>("08cb5397a6281bbacc9c4232859b840f56868ed592d68c6eae4ce22ce23ea341")}};

} // namespace

Anchor Anchor::of(const kit::Certificate& root)
{
    Anchor out;
    out.certificate = root.fingerprint();
    const kit::PublicKey key = root.publicKey();
    if (!key.isOn(kit::Curve::P256))
        return out;
    const auto point = key.pointOn(kit::Curve::P256);
    kit::Sha256 hasher;
    hasher.update(point.x);
    hasher.update(point.y);
    out.key = hasher.finish();
    return out;
}

std::span<const Anchor> intelRoots() noexcept { return kIntelRoots; }

bool isTrusted(const kit::Certificate& root, std::span<const Anchor> anchors)
{
    const Anchor its = Anchor::of(root);
    return std::any_of(anchors.begin(), anchors.end(), [&](const Anchor& anchor) {
        return anchor.certificate == its.certificate || (!kit::isZero(its.key) && anchor.key == its.key);
    });
}

} // namespace teehost::tdx
