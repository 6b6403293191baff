// SPDX-License-Identifier: Apache-2.0
//
// Messages of QEMU, KVM, the kernel and the SEV firmware when an SEV-SNP VM does not start. Words are in
// tables; numbers (ret=-22, fw_error=7, error 0x3) are read from the lines that carry them.
#pragma once

#include <span>
#include <string_view>

#include <teehost/kit/symptom.h>
#include <teehost/plugin.hpp>

namespace teehost::sev_snp {

/// Words of QEMU: its command line, what it boots, the CPU model.
[[nodiscard]] std::span<const kit::Symptom> qemuSymptoms();

/// Words of the host's kernel (ccp, kvm_amd, the RMP table, the IOMMU), and of a guest that gave up.
[[nodiscard]] std::span<const kit::Symptom> kernelSymptoms();

/// Tells what an error number of the SEV firmware in `line` means, in QEMU's form and in the driver's:
/// "fw_error=11 'Bad measurement'", "SEV-SNP: SNP_INIT_EX failed rc -5, error 0x3".
/// Returns whether the line has one.
bool tellFirmwareError(std::string_view line, sdk::Findings out);

/// Tells what a call that KVM refused before the firmware was asked means: "SNP_LAUNCH_START ret=-22
/// fw_error=0". The call decides, not the number alone.
void tellRefusedCall(std::string_view line, sdk::Findings out);

} // namespace teehost::sev_snp
