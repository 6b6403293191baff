// SPDX-License-Identifier: Apache-2.0
//
// What a report must say to be acceptable: rules, all optional, absent = not looked at. From a JSON document
// whose keys are the members' names in snake case; docs/attestation.md lists them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"
#include "report/verify.h"

namespace teehost::sev_snp {

struct Policy {
    /// InputError policy for anything that is not understood: a rule that is misspelt must not pass for one
    /// that is kept.
    [[nodiscard]] static Policy parse(std::string_view json);

    // Bytes: the report's must be one of these.
    std::vector<kit::Bytes> measurement, reportData, hostData, familyId, imageId, reportId, reportIdMa,
        chipIds;

    // Rights of the guest policy: false = the report must not have the bit.
    std::optional<bool> allowDebug, allowMigrationAgent, allowSmt, allowCxl;
    // Restrictions: true = it must.
    bool requireSingleSocket = false, requireAes256Xts = false, requireRaplDisabled = false,
         requireCiphertextHiding = false, requirePageSwapDisabled = false;
    /// Least API version that the guest policy demands of the firmware: major, minor.
    std::optional<std::pair<std::uint8_t, std::uint8_t>> minimumAbi;

    std::optional<std::uint64_t> minimumGuestSvn;
    /// Components by name: fmc, boot_loader, tee, snp, microcode.
    using TcbFloor = std::map<std::string, std::uint8_t>;
    TcbFloor minimumTcb, minimumLaunchTcb;
    bool requireCommittedEqualsCurrent = false;
    std::optional<FirmwareVersion> minimumFw;

    // Of the platform: as for the guest policy.
    std::optional<bool> platformAllowSmt, platformAllowTsme, platformAllowTio;
    bool platformRequireEcc = false, platformRequireRaplDisabled = false,
         platformRequireCiphertextHiding = false, platformRequireAliasCheck = false;

    std::optional<std::uint64_t> vmpl, vmplMax;
    std::vector<std::string> allowedSigningKeys; ///< "VCEK", "VLEK"
    bool requireIdBlock = false, requireAuthorKey = false;
    std::vector<kit::Bytes> trustedIdKeyDigests, trustedAuthorKeyDigests;
    std::uint64_t minimumLaunchMitVector = 0, minimumCurrentMitVector = 0; ///< bits that must be set
    bool requireChipId = false;

    // About the verification itself.
    std::optional<CrlMode> crl;
    bool allowNewerReportVersion = false;
};

/// One rule that the policy has, and whether the report keeps it.
struct RuleResult {
    std::string_view rule; ///< "minimum_tcb", "guest_policy"
    std::string_view key;  ///< of the policy document it comes from; often the same word
    bool kept = false;
    std::string message;
    std::string expected, actual;
};

/// Every rule of `policy`, in a fixed order. `line` is what the TCBs are read for; nothing when it is not
/// known, which no rule on a TCB survives.
[[nodiscard]] std::vector<RuleResult> appraise(const Report& report, std::optional<ProductLine> line,
                                               const Policy& policy);

} // namespace teehost::sev_snp
