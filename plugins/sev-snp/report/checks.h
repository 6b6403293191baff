// SPDX-License-Identifier: Apache-2.0
//
// The checks of a verification, each with its own verdict.
#pragma once

#include <string_view>

#include <teehost/kit/check_line.h>

namespace teehost::sev_snp {

using kit::CheckLine; // id: one of the constants below, or kPolicyPrefix + rule
using kit::firstFailure;
using kit::Outcome;

namespace check_id {
inline constexpr std::string_view kForm = "snp.report.form";
inline constexpr std::string_view kChain = "snp.chain.signatures";
inline constexpr std::string_view kRoot = "snp.chain.root";
inline constexpr std::string_view kValidity = "snp.chain.validity";
inline constexpr std::string_view kCrl = "snp.chain.crl";
inline constexpr std::string_view kSigner = "snp.signer";
inline constexpr std::string_view kProduct = "snp.product";
inline constexpr std::string_view kTcb = "snp.tcb";
inline constexpr std::string_view kTcbOrder = "snp.tcb_order";
inline constexpr std::string_view kChip = "snp.chip";
inline constexpr std::string_view kSignature = "snp.report.signature";
inline constexpr std::string_view kDebug = "snp.debug";
inline constexpr std::string_view kMigration = "snp.migration";
inline constexpr std::string_view kReportData = "snp.report_data";
inline constexpr std::string_view kMeasurement = "snp.measurement";
inline constexpr std::string_view kReference = "snp.reference.*";
inline constexpr std::string_view kReferencePrefix = "snp.reference.";
inline constexpr std::string_view kPolicyFamily = "snp.policy.*";
inline constexpr std::string_view kPolicyPrefix = "snp.policy.";
} // namespace check_id

} // namespace teehost::sev_snp
