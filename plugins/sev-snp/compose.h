// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "configuration.h"
#include "host_facts.h"
#include "vm_id_block.h"

namespace teehost::sev_snp {

/// What SEV-SNP adds to QEMU's command line for `vm`; SevSnp::compose on a host of your choice.
void composeLaunch(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm,
                   IdSignatures& signatures, sdk::Fragment out);

} // namespace teehost::sev_snp
