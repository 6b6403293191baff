// SPDX-License-Identifier: Apache-2.0
//
// Sources: Linux 6.11 to 7.1, drivers/crypto/ccp/sev-dev.c, arch/x86/virt/svm/sev.c, arch/x86/kvm/svm/sev.c,
// arch/x86/include/asm/sev-common.h, drivers/iommu/amd/init.c; QEMU 10.2, accel/kvm/kvm-all.c.
#include <array>

#include "symptoms/symptoms.h"

namespace teehost::sev_snp {
namespace {

using kit::Symptom;

constexpr std::string_view kCoverage =
    "In the firmware setup, enable SEV-SNP support and set its memory coverage (RMP) to all of the memory; "
    "else update the BIOS.";
constexpr std::string_view kIommu =
    "In the firmware setup, enable the IOMMU; take iommu=pt, iommu=off and amd_iommu=off off the host's "
    "kernel command line.";
constexpr std::string_view kSameGuest =
    "Boot a guest kernel 5.19 or later with SEV-SNP, and an OVMF built for SEV-SNP; the guest's console says "
    "more.";

constexpr std::array kSymptoms{
    // The secure processor and the firmware setup.
    Symptom{"SEV: memory encryption not enabled by BIOS", 95,
            "Memory encryption is off in the firmware setup.",
            "In the firmware setup, enable SMEE (secure memory encryption) and SEV-SNP."},
    Symptom{"Memory for the RMP table has not been reserved by BIOS", 96,
            "The BIOS has set no memory aside for the RMP table, so that there is no SEV-SNP.", kCoverage},
    Symptom{"Memory reserved for the RMP table does not cover full system RAM", 96,
            "The RMP table covers only a part of the memory, so that there is no SEV-SNP.", kCoverage},
    Symptom{"RMP does not cover full system RAM", 96,
            "The RMP table covers only a part of the memory, so that there is no SEV-SNP.", kCoverage},
    Symptom{"RMP configuration not valid", 95, "The BIOS has set the RMP table up wrongly.", kCoverage},
    Symptom{"RMP initialization failed, SNP cannot be supported", 88, "The RMP table could not be set up.",
            kCoverage},
    Symptom{"IOMMU disabled or configured in passthrough mode, SNP cannot be supported", 96,
            "The IOMMU is off or passes through, which SEV-SNP does not allow.", kIommu},
    Symptom{"IOMMU is configured with V2 page table mode, SNP cannot be supported", 96,
            "The IOMMU uses the second form of page tables, which SEV-SNP does not allow.",
            "Take amd_iommu=pgtbl_v2 off the host's kernel command line."},
    Symptom{"IOMMU SNP feature not enabled, SNP cannot be supported", 95,
            "The IOMMU of this machine is not set up for SEV-SNP.",
            "In the firmware setup, enable SEV-SNP support and the IOMMU; else update the BIOS."},
    Symptom{"SEV-SNP support requires firmware version", 95,
            "The SEV firmware is older than 1.51, the first that Linux uses for SEV-SNP.",
            "Update linux-firmware (amd/amd_sev_fam*.sbin) and the BIOS."},
    Symptom{"sev command * timed out, disabling PSP", 95, "The secure processor has stopped answering.",
            "Restart the host, and update its BIOS."},
    Symptom{"SEV: TMR allocation failed", 92, "The kernel had no memory for the SEV firmware.",
            "Load ccp early (at boot), or restart the host."},
    Symptom{"sev initialization failed", 60, "The SEV driver could not be set up.",
            "See the lines of ccp before it; update the BIOS."},

    // KVM.
    Symptom{
        "SEV-SNP disabled (ASIDs", 88, "KVM has SEV-SNP switched off, or has no ASIDs for it.",
        "Load kvm_amd with sev_snp=1; in the firmware setup, enable SEV-SNP and raise \"Minimum SEV non-ES "
        "ASID\"."},
    Symptom{"SEV-ES disabled (ASIDs 0 - 0)", 70, "No ASIDs are set aside for SEV-ES and SEV-SNP VMs.",
            "In the firmware setup, raise \"Minimum SEV non-ES ASID\"."},
    Symptom{"pages*exceed the lock limit", 92, "The VM may not lock its memory: a limit of QEMU's user.",
            "Raise LimitMEMLOCK= of the unit, or `ulimit -l`."},
    Symptom{"SEV: Failure locking", 85, "The kernel could not pin the VM's memory.",
            "Give the VM less memory, or stop others."},
    Symptom{"RMPUPDATE failed for PFN", 88, "A page of memory could not change hands between host and guest.",
            "Update the kernel: this is a bug of KVM, or of a driver that still uses the page."},
    Symptom{"Unexpected RMP fault", 80, "The host touched memory that belongs to the guest.",
            "Update the kernel and QEMU."},
    Symptom{"RMP violation", 80, "The host touched memory that belongs to the guest.",
            "Update the kernel: this is a bug of the host."},

    // A guest that gave up. The numbers are those of the GHCB protocol, and of Linux.
    Symptom{"guest requested termination: 0x0:0x1", 92,
            "The guest and KVM speak different versions of the GHCB protocol.",
            "Use Linux 6.11 or later on the host."},
    Symptom{"guest requested termination: 0x0:0x2", 92,
            "The guest's kernel does not know an SEV feature that the VM has.",
            "Set sev-snp.debug_swap=false and sev-snp.secure_tsc=false, or boot a newer guest kernel."},
    Symptom{"guest requested termination: 0x1:0x1", 90,
            "The guest could not change a page between private and shared.",
            "Update the host's kernel and QEMU; give the VM less memory than the host has free."},
    Symptom{"guest requested termination: 0x1:0x2", 90, "The guest could not validate a page of its memory.",
            "Use an OVMF built for SEV-SNP that is as new as the guest's kernel."},
    Symptom{"guest requested termination: 0x1:0x3", 90,
            "The guest's kernel expects to run at VMPL 0, and does not.",
            "Boot a guest kernel 6.11 or later under an SVSM, or the VM without one."},
    Symptom{"guest requested termination: 0x1:0x4", 90, "The guest found its table of CPUID values wrong.",
            "Use an OVMF built for SEV-SNP, and another qemu.cpu: EPYC-v4."},
    Symptom{"guest requested termination: 0x1:0xa", 90, "The guest could not set its secure TSC up.",
            "Set sev-snp.secure_tsc=false, or update the SEV firmware."},
    Symptom{"guest requested termination", 80,
            "The guest's firmware or kernel ended the VM at an early error.", kSameGuest},
    Symptom{"KVM: unknown exit reason 24", 75,
            "The guest's firmware or kernel ended the VM at an early error, which this QEMU does not know.",
            "See the host's kernel log: \"guest requested termination\" and two numbers say why."},
};

} // namespace

std::span<const Symptom> kernelSymptoms() { return kSymptoms; }

} // namespace teehost::sev_snp
