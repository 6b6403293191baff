// SPDX-License-Identifier: Apache-2.0
//
// What TDX wants of KVM and QEMU.
#pragma once

#include <teehost/kit/kvm_tee.h>

namespace teehost::tdx {

/// QEMU 10.1 change log; KVM_X86_TDX_VM: Linux 6.16, arch/x86/include/uapi/asm/kvm.h.
inline constexpr kit::KvmTee kTdx{"TDX", "tdx-guest", {10, 1}, "kvm_intel", 5};

} // namespace teehost::tdx
