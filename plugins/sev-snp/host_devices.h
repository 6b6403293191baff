// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host_facts.h"

namespace teehost::sev_snp {

/// Asks the SEV firmware through the driver ccp; of a kernel that does not know SEV-SNP, by the older
/// command.
[[nodiscard]] Asked<SevFirmware> askSevFirmware(const std::string& device);

/// Asks KVM. A kernel without the capability says 0: no type but the default.
[[nodiscard]] Asked<std::uint32_t> askKvmVmTypes(const std::string& device);

} // namespace teehost::sev_snp
