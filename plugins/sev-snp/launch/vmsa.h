// SPDX-License-Identifier: Apache-2.0
//
// The save area of a vCPU at launch: its registers after reset, as the hypervisor sets them (AMD64
// Architecture Programmer's Manual, volume 2, appendix B, "VMCB State Save Area").
#pragma once

#include "launch/kernel_hashes.h"

namespace teehost::sev_snp {

/// Whose reset state: hypervisors differ in what they leave of it.
enum class VmsaProfile {
    Qemu,       ///< QEMU 9.1 and Linux 6.10, and later
    QemuLegacy, ///< kernels before Linux 6.10, which left MXCSR and the x87 control word zero
    Ec2,
    Gce
};

struct VmsaInput {
    VmsaProfile profile = VmsaProfile::Qemu;
    std::uint32_t resetEip = 0xfffffff0; ///< where the vCPU starts
    std::uint32_t cpuSignature = 0;      ///< CPUID(1).EAX of the virtual CPU
    std::uint64_t sevFeatures = 1;       ///< SEV_FEATURES; bit 0 is SNP itself
};

/// EIP of the boot processor: the reset vector.
inline constexpr std::uint32_t kBspResetEip = 0xfffffff0;

// Bits of SEV_FEATURES that options of QEMU set.
inline constexpr std::uint64_t kFeatureSnp = 1u << 0;
inline constexpr std::uint64_t kFeatureDebugSwap = 1u << 5;
inline constexpr std::uint64_t kFeatureSecureTsc = 1u << 9;

[[nodiscard]] Page vmsaPage(const VmsaInput& input) noexcept;

// Offsets that others look at too.
inline constexpr std::size_t kVmsaCr0 = 0x158;
inline constexpr std::size_t kVmsaSevFeatures = 0x3b0;

} // namespace teehost::sev_snp
