// SPDX-License-Identifier: Apache-2.0
//
// The checks that verify can report.
#pragma once

#include <array>

#include <teehost/plugin.hpp>

#include "evidence/checks.h"

namespace teehost::vtpm {

inline constexpr std::array kVtpmVerifyChecks{
    sdk::Check{.id = check_id::kFormat, .title = "Evidence is well-formed", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kMagicType, .title = "A TPM made it, as a quote", .flags = TH_CHECK_REQUIRED},
    sdk::Check{
        .id = check_id::kAkAttributes, .title = "Key is an attestation key", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kAkBinding,
               .title = "Key belongs to a TPM that is trusted",
               .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kEkCertificate, .title = "Endorsement key is certified"},
    sdk::Check{.id = check_id::kSignature, .title = "Quote is signed", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kNonce, .title = "Quote is fresh", .flags = TH_CHECK_IF_REPORT_DATA},
    sdk::Check{.id = check_id::kCounters, .title = "Resets and clock"},
    sdk::Check{.id = check_id::kPcrDigest, .title = "PCRs are those quoted", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kLogReplay, .title = "Event log makes these PCRs"},
    sdk::Check{.id = check_id::kPcrPolicy, .title = "PCRs are as expected", .flags = TH_CHECK_IF_EXPECTED},
    sdk::Check{
        .id = check_id::kEventPolicy, .title = "Boot is as the policy says", .flags = TH_CHECK_IF_POLICY},
    sdk::Check{.id = check_id::kIma, .title = "Files that were used"},
    sdk::Check{.id = check_id::kReference, .title = "Reference values", .flags = TH_CHECK_IF_REFERENCE},
};

} // namespace teehost::vtpm
