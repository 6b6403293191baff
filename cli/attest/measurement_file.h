// SPDX-License-Identifier: Apache-2.0
//
// What `teehost measure --output json` prints and `teehost verify --reference` reads.
//
//     {"backend": "sev-snp",
//      "registers": [{"name": "LAUNCH_DIGEST", "algorithm": "sha384", "digest": "…"}],
//      "values": {"snp.policy": {"type": "uint", "value": 196608}},
//      "events": [{"register": "LAUNCH_DIGEST", "algorithm": "sha384", "what": "kernel", "source": "…",
//                  "digest": "…"}],
//      "used": {"vcpus": 1, "max_vcpus": 64, "memory": 536870912, ...},
//      "attesters": [the same for each, without "used"]}
//
// Several registers of one name and algorithm are alternatives: any of them will do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/output/json.h"
#include "host/plugin/evidence.h"
#include "host/plugin/vm_facts.h"

namespace teehost::cli {

/// What one plugin computed.
struct Measured {
    std::string plugin;
    plugin::Measurement measurement;
};

/// The backend's first, then those of the attesters. `vm` is what they were computed for, and is told.
[[nodiscard]] Json measurementsJson(const std::vector<Measured>& measured, const plugin::VmFacts& vm);
[[nodiscard]] std::string measurementsText(const std::vector<Measured>& measured, const plugin::VmFacts& vm);

/// What `text` says for `pluginId`: registers and values; events are left out, since nothing is verified
/// against them. Throws UsageFailure that names `option` when the text is not of the form above, or has
/// nothing of that plugin.
[[nodiscard]] plugin::Measurement readMeasurement(std::string_view text, const std::string& pluginId,
                                                  std::string_view option);

/// Whether it has something of that plugin; false for what cannot be read at all.
[[nodiscard]] bool hasMeasurement(std::string_view text, const std::string& pluginId);

} // namespace teehost::cli
