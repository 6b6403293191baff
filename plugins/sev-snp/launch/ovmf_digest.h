// SPDX-License-Identifier: Apache-2.0
//
// The launch digest of a VM that boots OVMF given with -bios: firmware pages, metadata sections, one VMSA a
// vCPU, in the order QEMU and KVM hand them to the SEV firmware.
#pragma once

#include <optional>

#include "launch/kernel_hashes.h"
#include "launch/launch_events.h"
#include "launch/ovmf_image.h"
#include "launch/vmsa.h"

namespace teehost::sev_snp {

struct OvmfLaunch {
    VmsaProfile profile = VmsaProfile::Qemu;
    std::uint32_t vcpus = 1; ///< present at launch
    std::uint32_t cpuSignature = 0;
    std::uint64_t sevFeatures = kFeatureSnp;
    std::optional<KernelHashes> hashes{}; ///< with kernel-hashes=on
    std::optional<LaunchDigest>
        firmwareDigest{};          ///< what the firmware's pages come to, when it is known already
    unsigned gcePhysicalBits = 48; ///< for VmsaProfile::Gce: Google puts VMSAs at the end of them
};

struct LaunchResult {
    LaunchDigest digest{};
    Provenance provenance;
};

/// InputError no_kernel_hashes_section when there are hashes and the firmware takes none; no_reset_block when
/// it does not say where further vCPUs start.
[[nodiscard]] LaunchResult measureOvmf(const OvmfImage& image, const OvmfLaunch& launch);

/// Address at which KVM measures every VMSA: the last page of 48 physical bits.
inline constexpr std::uint64_t kVmsaGpa = 0xfffffffff000;

} // namespace teehost::sev_snp
