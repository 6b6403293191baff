// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/relied_evidence.h"

namespace teehost::plugin {

ReliedEvidence reliedOn(const VerifyResult& result)
{
    constexpr std::string_view kEvidence = "evidence.", kCertificates = "x509.";
    ReliedEvidence out;
    for (const auto& claim : result.claims) {
        if (!claim.key.starts_with(kEvidence))
            continue;
        const auto* bytes = std::get_if<Bytes>(&claim.value);
        const std::string kind = claim.key.substr(kEvidence.size());
        Blob blob{kind, bytes == nullptr ? Bytes() : *bytes}; // what is no bytes nobody accepts
        if (kind.starts_with(kCertificates)) {
            blob.kind.clear();
            out.collateral.push_back(std::move(blob));
        } else {
            out.evidence.push_back(std::move(blob));
        }
    }
    return out;
}

} // namespace teehost::plugin
