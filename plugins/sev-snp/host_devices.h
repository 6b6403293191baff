// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host_facts.h"

namespace teehost::sev_snp {

/// Asks the SEV firmware through the driver ccp; of a kernel that does not know SEV-SNP, by the older
/// command.
[[nodiscard]] Asked<SevFirmware> askSevFirmware(const std::string& device);

} // namespace teehost::sev_snp
