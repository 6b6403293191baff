// SPDX-License-Identifier: Apache-2.0
//
// What the host's CPU and kernel say of SEV-SNP. Where it is read is injectable, so that a test can be any
// host.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <teehost/kit/host.h>

namespace teehost::sev_snp {

/// EAX, EBX, ECX, EDX of a CPUID leaf (subleaf 0).
using CpuidLeaf = std::array<std::uint32_t, 4>;

using kit::Asked;

/// What the SEV firmware says of itself (AMD 56860, section 8.2, SNP_PLATFORM_STATUS).
struct SevFirmware {
    unsigned apiMajor = 0, apiMinor = 0;
    std::uint32_t build = 0;
    bool snpInitialized = false;
};

struct HostFacts {
    std::string root = ""; ///< before /proc, /sys and /dev
    /// Nothing for a leaf that the CPU does not have.
    std::function<std::optional<CpuidLeaf>(std::uint32_t leaf)> cpuid;
    /// Asked of /dev/sev.
    std::function<Asked<SevFirmware>(const std::string& device)> sevFirmware;
    /// The types of VMs that KVM makes, a bit each (KVM_CAP_VM_TYPES), asked of /dev/kvm.
    std::function<Asked<std::uint32_t>(const std::string& device)> kvmVmTypes;

    /// This machine.
    [[nodiscard]] static HostFacts ofThisMachine();

    /// CPUID 8000001F: nothing when the CPU knows no memory encryption.
    [[nodiscard]] std::optional<std::uint32_t> cbitPosition() const;
    [[nodiscard]] std::optional<std::uint32_t> reducedPhysBits() const;
    /// CPUID(1).EAX
    [[nodiscard]] std::optional<std::uint32_t> cpuSignature() const;
    [[nodiscard]] bool cpuHasSnp() const;
    /// ASIDs that SEV-ES and SEV-SNP guests share: from 1 to below the lowest for SEV without ES.
    [[nodiscard]] std::optional<std::uint32_t> snpAsids() const;
};

} // namespace teehost::sev_snp
