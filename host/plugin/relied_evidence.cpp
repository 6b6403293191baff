// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/relied_evidence.h"

#include <string_view>

#include "host/base/error.h"

namespace teehost::plugin {
namespace {

constexpr std::string_view kOffered = "x509.offered"; // teehost/plugin.h, th_blob

} // namespace

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
            blob.kind = kOffered;
            out.collateral.push_back(std::move(blob));
        } else {
            out.evidence.push_back(std::move(blob));
        }
    }
    return out;
}

VerifyResult verifyRelied(const Plugin& plugin, const CallContext& context, VerifyRequest request)
{
    try {
        return plugin.verify(context, request);
    } catch (const Error& error) {
        const auto offered =
            std::erase_if(request.collateral, [](const Blob& blob) { return blob.kind == kOffered; });
        if (error.category() != Category::InvalidArgument || offered == 0)
            throw;
    }
    return plugin.verify(context, request);
}

} // namespace teehost::plugin
