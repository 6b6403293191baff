// SPDX-License-Identifier: Apache-2.0
//
// What a VM boots, and the launch digest that comes of it: one answer for compose, which launches it, and for
// measure, which says what its reports must show.
#pragma once

#include <optional>
#include <string>

#include <teehost/plugin.hpp>

#include "configuration.h"
#include "host_facts.h"
#include "launch/igvm_digest.h"

namespace teehost::sev_snp {

enum class BootKind { Ovmf, Igvm };

struct BootImage {
    BootKind kind = BootKind::Ovmf;
    std::string path;

    /// The option that names it, for messages.
    [[nodiscard]] std::string_view option() const noexcept
    {
        return kind == BootKind::Igvm ? "sev-snp.igvm_file" : "ovmf.code.file";
    }
};

/// The IGVM file of the VM, or of the configuration; else the firmware. A file at the default place that is
/// not there counts as none configured. sdk::Error when there is nothing to boot.
[[nodiscard]] BootImage chooseBootImage(const Configuration& configuration, const sdk::Vm& vm);

struct LaunchPrediction {
    BootImage image;
    std::size_t imageBytes = 0;
    LaunchResult launch;
    std::uint64_t policy = kDefaultPolicy; ///< of the launch: the IGVM file's if it has one
    bool policyFromImage = false;
    std::optional<IgvmId> igvmId;              ///< the ID block in the IGVM file
    std::optional<KernelHashes> kernelHashes;  ///< what OVMF holds kernel, initrd and command line against
    std::optional<std::uint32_t> cpuSignature; ///< of the vCPUs; IGVM files bring their own

    /// With an IGVM file KVM measures a VMSA for every vCPU, and the file has that of the first alone.
    bool allVcpusKnown = true;
};

/// Reads the image, and the kernel and initrd if they are measured. `host` is asked only for a VM that has an
/// id, which is launched there. Throws sdk::Error, with the option to change, for a file that cannot be read
/// or launched, for a policy that is not that of the IGVM file, and for a CPU model whose signature is not
/// known.
[[nodiscard]] LaunchPrediction predictLaunch(const Configuration& configuration, const HostFacts& host,
                                             const sdk::Vm& vm);

} // namespace teehost::sev_snp
