// SPDX-License-Identifier: Apache-2.0
//
// Files of evidence and collateral as people keep them: text is decoded, documents of clouds and tools are
// unpacked (teehost/kit/evidence_file.h). Refusals are UsageFailure that name the option, the file, what it
// is and what to hand over instead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/attest/arguments.h"

namespace teehost::cli {

/// Holds the contents of the files, in their order.
struct EvidenceFiles {
    std::vector<NamedBlob> evidence;
    std::vector<NamedBlob> endorsements; ///< certificates that came in the same documents
};

/// Evidence, whose kind the plugin sees by its bytes.
[[nodiscard]] EvidenceFiles readEvidence(const std::vector<std::string>& paths, std::string_view option);
/// Event logs: the option says what they are, so that nothing is guessed.
[[nodiscard]] std::vector<NamedBlob> readEventLogs(const std::vector<std::string>& paths,
                                                   std::string_view option);
/// Certificates, CRLs and other collateral.
[[nodiscard]] std::vector<NamedBlob> readCollateral(const std::vector<std::string>& paths,
                                                    std::string_view option);

} // namespace teehost::cli
