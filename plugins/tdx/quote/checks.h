// SPDX-License-Identifier: Apache-2.0
//
// The checks of a quote's verification, each with its own verdict, in the order in which they are made.
#pragma once

#include <array>
#include <string_view>

#include <teehost/plugin.hpp>

namespace teehost::tdx {

namespace check_id {
inline constexpr std::string_view kForm = "tdx.quote.form";
inline constexpr std::string_view kChainFormat = "tdx.chain.format";
inline constexpr std::string_view kRoot = "tdx.chain.root";
inline constexpr std::string_view kChain = "tdx.chain.signatures";
inline constexpr std::string_view kValidity = "tdx.chain.validity";
inline constexpr std::string_view kCrl = "tdx.chain.crl";
inline constexpr std::string_view kQeSignature = "tdx.qe.signature";
inline constexpr std::string_view kQeReportData = "tdx.qe.report_data";
inline constexpr std::string_view kSignature = "tdx.quote.signature";
inline constexpr std::string_view kTcbInfo = "tdx.collateral.tcb_info";
inline constexpr std::string_view kQeIdentity = "tdx.collateral.qe_identity";
inline constexpr std::string_view kFresh = "tdx.collateral.fresh";
inline constexpr std::string_view kPlatform = "tdx.platform";
inline constexpr std::string_view kQe = "tdx.qe.identity";
inline constexpr std::string_view kModule = "tdx.module";
inline constexpr std::string_view kTcb = "tdx.tcb";
inline constexpr std::string_view kTcbCurrent = "tdx.tcb.current";
inline constexpr std::string_view kTcbStatus = "tdx.tcb.status";
inline constexpr std::string_view kDebug = "tdx.debug";
inline constexpr std::string_view kAttributes = "tdx.attributes";
inline constexpr std::string_view kXfam = "tdx.xfam";
inline constexpr std::string_view kMigration = "tdx.migration";
inline constexpr std::string_view kReportData = "tdx.report_data";
inline constexpr std::string_view kIdentity = "tdx.identity";
inline constexpr std::string_view kMeasurementFamily = "tdx.measurement.*";
inline constexpr std::string_view kMeasurementPrefix = "tdx.measurement.";
inline constexpr std::string_view kEventLog = "tdx.event_log";
inline constexpr std::string_view kUnpredicted = "tdx.unpredicted";
inline constexpr std::string_view kReferenceFamily = "tdx.reference.*";
inline constexpr std::string_view kReferencePrefix = "tdx.reference.";
inline constexpr std::string_view kPolicyFamily = "tdx.policy.*";
inline constexpr std::string_view kPolicyPrefix = "tdx.policy.";
} // namespace check_id

/// Those that need collateral are not required as such, because a policy can do without; they are never left
/// out, and without collateral they are errors, which no verdict survives.
inline constexpr std::array kTdxVerifyChecks{
    sdk::Check{.id = check_id::kForm, .title = "Quote is well-formed", .flags = TH_CHECK_REQUIRED},
    sdk::Check{
        .id = check_id::kChainFormat, .title = "Chain of the PCK certificate", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kRoot, .title = "Root is trusted", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kChain, .title = "Certificates make a chain", .flags = TH_CHECK_REQUIRED},
    sdk::Check{
        .id = check_id::kValidity, .title = "Certificates are valid in time", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kCrl, .title = "No certificate is revoked"},
    sdk::Check{
        .id = check_id::kQeSignature, .title = "Quoting enclave is certified", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kQeReportData,
               .title = "Attestation key is the quoting enclave's",
               .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kSignature, .title = "Quote is signed", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kTcbInfo, .title = "TCB info is Intel's"},
    sdk::Check{.id = check_id::kQeIdentity, .title = "QE identity is Intel's"},
    sdk::Check{.id = check_id::kFresh, .title = "Collateral is valid in time"},
    sdk::Check{.id = check_id::kPlatform, .title = "Collateral is of the platform"},
    sdk::Check{.id = check_id::kQe, .title = "Quoting enclave is Intel's"},
    sdk::Check{.id = check_id::kModule, .title = "TDX module is Intel's"},
    sdk::Check{.id = check_id::kTcb, .title = "Platform's TCB is known"},
    sdk::Check{.id = check_id::kTcbCurrent, .title = "TCB with the module that runs now"},
    sdk::Check{.id = check_id::kTcbStatus, .title = "TCB is acceptable"},
    sdk::Check{.id = check_id::kDebug, .title = "Debugging is off", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kAttributes, .title = "TD attributes", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kXfam, .title = "Extended features", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kMigration, .title = "Migration is forbidden", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kReportData, .title = "Report data", .flags = TH_CHECK_IF_REPORT_DATA},
    sdk::Check{.id = check_id::kIdentity, .title = "Something says which TD it is"},
    sdk::Check{.id = check_id::kMeasurementFamily, .title = "Measurements", .flags = TH_CHECK_IF_EXPECTED},
    sdk::Check{.id = check_id::kEventLog, .title = "Event log makes the registers"},
    sdk::Check{.id = check_id::kUnpredicted, .title = "No register is left out"},
    sdk::Check{.id = check_id::kReferenceFamily, .title = "Reference values", .flags = TH_CHECK_IF_REFERENCE},
    sdk::Check{.id = check_id::kPolicyFamily, .title = "Policy", .flags = TH_CHECK_IF_POLICY},
};

} // namespace teehost::tdx
