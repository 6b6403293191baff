// SPDX-License-Identifier: Apache-2.0
#include "sev_snp.h"

#include "report/evidence.h"

namespace teehost::sev_snp {

SevSnp::SevSnp(sdk::Call call) : configuration_(call), host_(HostFacts::ofThisMachine()) {}

int SevSnp::recognise(const sdk::Blob& blob)
{
    if (!blob.kind.empty() && blob.kind != "snp.report")
        return 0;
    return looksLikeEvidence(blob.data);
}

} // namespace teehost::sev_snp
