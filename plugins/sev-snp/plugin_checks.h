// SPDX-License-Identifier: Apache-2.0
//
// The checks that probe and verify can report.
#pragma once

#include <array>

#include <teehost/plugin.hpp>

#include "report/checks.h"

namespace teehost::sev_snp {

inline constexpr std::array kSevSnpProbeChecks{
    sdk::Check{.id = "cpu.sev_snp", .title = "CPU has SEV-SNP", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "cpu.cbitpos", .title = "Position of the C-bit", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "cpu.asids", .title = "ASIDs for SEV-SNP guests", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "kernel.kvm_amd", .title = "kvm_amd has SEV-SNP enabled", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "kernel.kvm_vm_type", .title = "KVM makes SEV-SNP VMs", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "device.kvm", .title = "KVM device", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "device.sev", .title = "SEV device", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "firmware.api", .title = "API version of the SEV firmware", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "qemu.sev_snp_guest", .title = "QEMU knows sev-snp-guest", .flags = TH_CHECK_REQUIRED},
    sdk::Check{
        .id = "boot.image", .title = "IGVM file, or firmware with SEV metadata", .flags = TH_CHECK_REQUIRED},
};

inline constexpr std::array kSevSnpVerifyChecks{
    sdk::Check{.id = check_id::kForm, .title = "Report is well-formed", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kChain, .title = "Certificates make a chain", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kRoot, .title = "Root is trusted", .flags = TH_CHECK_REQUIRED},
    sdk::Check{
        .id = check_id::kValidity, .title = "Certificates are valid in time", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kCrl, .title = "No certificate is revoked"},
    sdk::Check{.id = check_id::kSigner, .title = "Kind of the signing key", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kProduct, .title = "Product line", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kTcb, .title = "Key belongs to the reported TCB", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kTcbOrder, .title = "TCBs do not contradict each other"},
    sdk::Check{.id = check_id::kChip, .title = "Key belongs to the chip"},
    sdk::Check{.id = check_id::kSignature, .title = "Report is signed", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kDebug, .title = "Debugging is forbidden", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kMigration, .title = "Migration is forbidden", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = check_id::kReportData, .title = "Report data", .flags = TH_CHECK_IF_REPORT_DATA},
    sdk::Check{.id = check_id::kMeasurement, .title = "Launch digest", .flags = TH_CHECK_IF_EXPECTED},
    sdk::Check{.id = check_id::kReference, .title = "Reference values", .flags = TH_CHECK_IF_REFERENCE},
    sdk::Check{.id = check_id::kPolicyFamily, .title = "Policy", .flags = TH_CHECK_IF_POLICY},
};

} // namespace teehost::sev_snp
