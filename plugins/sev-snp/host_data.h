// SPDX-License-Identifier: Apache-2.0
//
// What a VM's reports carry as HOST_DATA: 32 bytes that the host chooses at launch and the guest cannot
// change (AMD 56860, section 8.18, SNP_LAUNCH_FINISH).
#pragma once

#include <optional>
#include <string_view>

#include <teehost/kit/digest.h>
#include <teehost/plugin.hpp>

#include "configuration.h"

namespace teehost::sev_snp {

struct HostData {
    kit::Sha256Digest bytes{};
    std::string_view origin; ///< in words, for people
};

/// The binding data of the request, hashed unless it has 32 bytes; else what is configured; else the digest
/// of the VM's configuration. Nothing when none of them is wanted or known.
[[nodiscard]] std::optional<HostData> hostDataFor(const Configuration& configuration, const sdk::Vm& vm);

} // namespace teehost::sev_snp
