// SPDX-License-Identifier: Apache-2.0
#include "sev_snp.h"

namespace teehost::sev_snp {

void SevSnp::capacity(sdk::Call, sdk::Capacity out)
{
    // How many are in use the CPU does not say; the host counts its own VMs. On a CPU without SEV-SNP there
    // is nothing to count: probe keeps VMs from being made there.
    if (const auto asids = host_.snpAsids())
        out.resource("SEV-ES and SEV-SNP ASIDs", *asids, std::nullopt);
}

} // namespace teehost::sev_snp
