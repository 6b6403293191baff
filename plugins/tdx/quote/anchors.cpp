// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/anchors.h"

#include <algorithm>

namespace teehost::tdx {
namespace {

constexpr std::array kIntelRoots{
    Anchor{kit::arrayOf<32>("44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"),
           kit::arrayOf<32>("a512ddae5b8a05fd0738d708f29ddccaca53aad8b3698e77194cb05cc0723e89")}};

} // namespace

Anchor Anchor::of(const kit::VendorCertificate& root)
{
    return {root.fingerprint(), kit::sha256(root.publicKeyBits())};
}

Anchor Anchor::of(const kit::Certificate& root)
{
    return {root.fingerprint(), kit::sha256(root.publicKeyBits())};
}

std::span<const Anchor> intelRoots() noexcept { return kIntelRoots; }

bool isTrusted(const Anchor& root, std::span<const Anchor> anchors)
{
    return std::any_of(anchors.begin(), anchors.end(), [&](const Anchor& anchor) {
        return anchor.certificate == root.certificate || anchor.key == root.key;
    });
}

} // namespace teehost::tdx
