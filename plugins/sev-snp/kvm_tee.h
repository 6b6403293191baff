// SPDX-License-Identifier: Apache-2.0
//
// What SEV-SNP wants of KVM and QEMU.
#pragma once

#include <teehost/kit/kvm_tee.h>

namespace teehost::sev_snp {

using kit::QemuVersion;

/// QEMU 9.1 change log; KVM_X86_SNP_VM: Linux 6.11, arch/x86/include/uapi/asm/kvm.h.
inline constexpr kit::KvmTee kSnp{"SEV-SNP", "sev-snp-guest", {9, 1}, "kvm_amd", 4};
inline constexpr QemuVersion kFirstWithIgvm{10, 1}; ///< object igvm-cfg (QEMU 10.1 change log)

} // namespace teehost::sev_snp
