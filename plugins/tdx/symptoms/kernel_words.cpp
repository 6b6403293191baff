// SPDX-License-Identifier: Apache-2.0
//
// Sources: Linux 6.16 to 7.1, arch/x86/virt/vmx/tdx/tdx.c, arch/x86/kvm/vmx/tdx.c, arch/x86/kvm/vmx/main.c;
// the forms "tdx: ..." and "Failed to initialize TDX module" are those of the trees before it was upstream.
#include <array>

#include "tdx/symptoms/symptoms.h"

namespace teehost::tdx {
namespace {

using kit::Symptom;

constexpr std::string_view kBios =
    "In the firmware setup, enable TME, TME-MT, TDX and the SEAM loader, and set key ids aside for TDX.";
constexpr std::string_view kNewerBios = "Update the platform's BIOS, which brings the TDX module; check the "
                                        "firmware setup: TME, TME-MT, TDX, SEAM "
                                        "loader.";

constexpr std::array kSymptoms{
    // The platform and the TDX module.
    Symptom{"TDX not supported by the host platform", 92,
            "TDX is off in the firmware setup, or the CPU has none.", kBios},
    Symptom{"tdx: not enabled by BIOS", 95, "TDX is not set up in the firmware setup.", kBios},
    Symptom{"tdx: module not loaded", 96, "The BIOS has loaded no TDX module, though TDX is enabled.",
            kNewerBios},
    Symptom{"initialization failed: too few private KeyIDs available", 96,
            "Too few key ids are set aside for TDX.",
            "In the firmware setup, raise the TME-MT/TDX key split."},
    Symptom{"initialization failed: Hibernation support is enabled", 96,
            "The kernel can hibernate, which TDX does not allow.",
            "Put nohibernate on the host's kernel command line."},
    Symptom{"initialization failed: TDMRs exhausted", 92,
            "The memory of this machine is in more pieces than the TDX module can take.",
            "Update the platform's BIOS; take memmap= and CXL memory off the host."},
    Symptom{"initialization failed: TDMR * reserved areas exhausted", 92,
            "The memory of this machine has more holes than the TDX module can take.",
            "Update the platform's BIOS; take memmap= off the host's kernel command line."},
    Symptom{"frame pointer (RBP) clobber bug present", 96, "The TDX module is too old for Linux.",
            "Update the TDX module: the platform's BIOS brings it."},
    Symptom{"SEAMCALL * failed: 0xc0000505", 92,
            "The TDX module is too old for this kernel: it does not have what the kernel asks it for.",
            "Update the TDX module to 1.5 or later: the platform's BIOS brings it."},
    Symptom{"SEAMCALL*failed", 82, "The TDX module refused a call of the kernel.", kNewerBios},
    Symptom{"TDX-Module initialization failed", 60, "The TDX module could not be initialized.", kNewerBios},
    Symptom{"tdx: module initialization failed", 60, "The TDX module could not be initialized.", kNewerBios},
    Symptom{"Failed to initialize TDX module", 60, "The TDX module could not be initialized.", kNewerBios},
    Symptom{"All packages need to have online CPU", 95, "A processor socket has no CPU online.",
            "Bring one CPU of each socket online: write 1 to /sys/devices/system/cpu/cpu*/online."},

    // KVM.
    Symptom{"MAX_VCPU_PER_TD", 92, "The TDX module takes fewer vCPUs than this machine has CPUs.",
            "Update the platform's BIOS, or offline CPUs."},
    Symptom{"EPT is required for TDX", 95, "KVM runs without EPT.", "Load kvm_intel with ept=1."},
    Symptom{"TDP MMU and MMIO caching and EPT A/D bit is required for TDX", 95,
            "KVM runs without what TDX builds on.",
            "Load kvm with tdp_mmu=1 and mmio_caching=1, kvm_intel with eptad=1."},
    Symptom{"APICv is required for TDX", 95, "KVM runs without APICv.",
            "Load kvm_intel with enable_apicv=1."},
    Symptom{"is required for TDX", 85, "The kernel runs without a feature of the CPU that TDX needs.",
            "Take clearcpuid= and noxsave off the host's kernel command line."},
    Symptom{"HKID * is leaked", 75, "A TD's key id could not be given back.",
            "Restart the host when no key ids are left; update its kernel."},
    Symptom{"Guest access before accepting", 90, "The guest used memory that it had not accepted.",
            "Boot a firmware and a guest kernel built for TDX; set tdx.sept_ve_disable=true."},
};

} // namespace

std::span<const Symptom> kernelSymptoms() { return kSymptoms; }

} // namespace teehost::tdx
