// SPDX-License-Identifier: Apache-2.0
//
// Sources: QEMU 7.2 to 10.2, target/i386/sev.c, target/i386/kvm/kvm.c, hw/i386, backends/igvm.c, and the
// older trees of AMD and of COCONUT-SVSM where they print other words.
#include <array>

#include <teehost/kit/confidential_symptoms.h>

#include "symptoms/symptoms.h"

namespace teehost::sev_snp {
namespace {

using kit::Symptom;

constexpr std::string_view kEnable = "Use Linux 6.11 or later, and load kvm_amd with sev_snp=1; `teehost "
                                     "backends --checks` says what is missing.";
constexpr std::string_view kIgvmQemu =
    "Set qemu.bin_path to a QEMU 10.1 or later built with libigvm, or empty sev-snp.igvm_file.";
constexpr std::string_view kOlderCpu =
    "Set qemu.cpu to a model that is not newer than the host's CPU: EPYC-v4, EPYC-Milan-v2, EPYC-Genoa.";
constexpr std::string_view kWholeImage =
    "Set ovmf.code.file to an OVMF built for SEV-SNP (Debian: /usr/share/ovmf/OVMF.fd; edk2: "
    "OvmfPkg/AmdSev), not to an OVMF_CODE file.";
constexpr std::string_view kHashesImage =
    "Set ovmf.code.file to an OVMF that takes them (edk2: OvmfPkg/AmdSev).";
constexpr std::string_view kIgvmAnew =
    "Build sev-snp.igvm_file anew, for QEMU; `teehost measure` says where it is wrong.";
constexpr std::string_view kSameAge =
    "Use a QEMU and a kernel of the same age, both upstream (QEMU 9.1, Linux 6.11, or later) or both of one "
    "vendor.";

constexpr auto kShared = kit::confidentialSymptoms({
    .noQemuObject = "does not accept value 'sev-snp-guest'",
    .qemuTooOld = "This QEMU is older than 9.1, or built without SEV: it has no SEV-SNP.",
    .newerQemu = "Set qemu.bin_path to a QEMU 9.1 or later; 10.1 or later for IGVM files.",
    .noQemuSupport = "invalid object type: sev-snp-guest",
    .vmType = "-type *snp* not supported by KVM",
    .noSuchVms = "KVM makes no SEV-SNP VMs on this host.",
    .enableKvm = kEnable,
    .wholeFirmware =
        "Set ovmf.code.file to a whole OVMF image, a multiple of 64 KiB, that the user QEMU runs "
        "as can read.",
    .firmwareByBios =
        "Leave the firmware to sev-snp, which passes ovmf.code.file with -bios; look for pflash "
        "in what other plugins or qemu options add.",
});

constexpr std::array kOwn{
    // QEMU's command line.
    Symptom{"does not accept value 'igvm-cfg'", 98,
            "This QEMU does not boot IGVM files: older than 10.1, or built without libigvm.", kIgvmQemu},
    Symptom{"invalid object type: igvm-cfg", 98,
            "This QEMU does not boot IGVM files: older than 10.1, or built without libigvm.", kIgvmQemu},
    Symptom{"igvm-cfg' not found", 95,
            "This QEMU's machine does not boot IGVM files: older than 10.1, or built without libigvm.",
            kIgvmQemu},
    Symptom{"Invalid parameter 'debug-swap'", 98, "This QEMU cannot switch debug swap on.",
            "Set sev-snp.debug_swap=false, or use a newer QEMU."},
    Symptom{"Invalid parameter 'secure-tsc'", 98, "This QEMU has no secure TSC.",
            "Set sev-snp.secure_tsc=false, or use a newer QEMU."},
    Symptom{"Invalid parameter 'tsc-frequency'", 98, "This QEMU has no secure TSC.",
            "Set sev-snp.tsc_frequency=0 and sev-snp.secure_tsc=false, or use a newer QEMU."},
    Symptom{"SEV-SNP does not support SMM", 98, "The machine has system management mode switched on.",
            "Take smm=on out of qemu.machine."},
    Symptom{"require in-kernel irqchip", 95, "The machine's interrupt controller is not KVM's.",
            "Take kernel-irqchip=off out of qemu.machine."},
    Symptom{"pflash devices cannot be configured when using IGVM", 95,
            "Firmware is given as flash beside the IGVM file, which brings its own.",
            "Look for pflash in what other plugins add to the VM."},

    // The host, as QEMU sees it.
    Symptom{"cbitpos check failed", 98, "sev-snp.cbitpos is not the position the CPU has.",
            "Set sev-snp.cbitpos to auto."},
    Symptom{"reduced_phys_bits check failed", 98, "sev-snp.reduced_phys_bits is not from 1 to 63.",
            "Set sev-snp.reduced_phys_bits to 1, or to auto."},
    Symptom{"Failed to open /dev/sev*Permission denied", 98, "The user QEMU runs as may not open /dev/sev.",
            "Let that user read and write /dev/sev: a group and a udev rule."},
    Symptom{"Failed to open /dev/sev", 90, "There is no SEV device, or it cannot be opened.",
            "Load the driver ccp, and enable the AMD secure processor and SEV-SNP in the firmware setup."},
    Symptom{"failed to get platform status", 85, "The SEV firmware does not answer.",
            "See `dmesg | grep -e ccp -e SEV`; load kvm_amd with sev_snp=1."},
    Symptom{"host kernel does not support the requested SEV configuration", 90,
            "KVM makes no SEV-SNP VMs on this host.", kEnable},
    Symptom{"SEV is not enabled in KVM", 90, "KVM has SEV switched off.",
            "Load kvm_amd with sev=1 and sev_snp=1, and enable SEV-SNP in the firmware setup."},
    Symptom{"failed to query supported sev_features", 88,
            "This kernel does not say which SEV features it has.", kEnable},
    Symptom{"cannot disable RAM discard", 88, "A device of the VM needs that its memory is given back.",
            "Take virtio-mem, virtio-balloon and devices of the host out of what other plugins add."},

    // Messages about the files that it boots.
    Symptom{"Failed to locate SEV metadata header", 95,
            "The firmware is not built for SEV-SNP: it has no SEV metadata.", kWholeImage},
    Symptom{"SEV information block/Firmware GUID Table block not found", 95,
            "The firmware is not an OVMF built for SEV: it has no table of GUIDs.", kWholeImage},
    Symptom{"guest firmware has no hashes table GUID", 95,
            "The firmware takes no kernel hashes, and a kernel is booted directly.", kHashesImage},
    Symptom{"guest firmware hashes table area is invalid", 95,
            "The firmware's area for kernel hashes is too small or missing.", kHashesImage},
    Symptom{"cannot map hashes table guest memory area", 85,
            "The firmware's area for kernel hashes is outside the VM's memory.", kHashesImage},
    Symptom{"kernel_hashes_data' failed", 95,
            "The firmware has a page for kernel hashes, and this QEMU was told to fill it without a kernel.",
            "Boot a kernel with it (qemu.kernel.file), or use QEMU 10.1 or later."},
    Symptom{"SEV-ES reset address is zero", 90,
            "The firmware does not say where vCPUs after the first start.",
            "Set ovmf.code.file to an OVMF built for SEV-ES, or give the VM one vCPU."},
    Symptom{"Failed to get HVA for GPA", 90,
            "The firmware's SEV metadata names memory that the VM does not have.",
            "Give the VM more memory; else use an OVMF built for QEMU."},
    Symptom{"Failed to add metadata page", 60,
            "A page that the firmware asks for could not be put into the VM.", "See the line before it."},
    Symptom{
        "failed to encrypt pflash rom", 60, "The firmware could not be put into the VM.",
        "See the line before it; else use QEMU 9.1 or later, and leave the firmware to sev-snp, which passes "
        "ovmf.code.file with -bios, not as flash."},
    Symptom{"memory fault: GPA * flags 0x8", 70,
            "The guest used memory as private that KVM does not hold as private.", kSameAge},
    Symptom{"failed to locate and/or save reset vector", 60, "The firmware is not built for SEV-ES.",
            kWholeImage},
    Symptom{"failed to configure initial*private guest memory", 88,
            "KVM could not make the firmware's pages private.", kSameAge},

    // IGVM files.
    Symptom{"Unable to load * Failed to open file", 92, "The IGVM file is missing or cannot be read.",
            "Check sev-snp.igvm_file, and that the user QEMU runs as may read it."},
    Symptom{"Unable to parse IGVM file", 92, "The IGVM file is damaged, or not an IGVM file.", kIgvmAnew},
    Symptom{"IGVM: Unknown header type", 92, "The IGVM file has headers that QEMU does not load.", kIgvmAnew},
    Symptom{"IGVM file does not describe a compatible supported platform", 95,
            "The IGVM file is not for SEV-SNP.", "Set sev-snp.igvm_file to a file built for SEV-SNP."},
    Symptom{"Invalid platform header count in IGVM file", 92,
            "The IGVM file names no platform that this QEMU can read.", kIgvmAnew},
    Symptom{"IGVM file is invalid: Failed to read directive header", 92, "The IGVM file is damaged.",
            kIgvmAnew},
    Symptom{"IGVM file contains * page data", 92, "A page in the IGVM file is damaged.", kIgvmAnew},
    Symptom{"Invalid page type in IGVM file", 92, "The IGVM file has pages of a kind QEMU does not load.",
            kIgvmAnew},
    Symptom{"Invalid VP context in IGVM file", 92, "The vCPU state in the IGVM file is damaged.", kIgvmAnew},
    Symptom{"A VP context is present in the IGVM file but is not supported", 90,
            "The IGVM file brings vCPU state, which this QEMU does not set for such a VM.",
            "Set qemu.bin_path to a QEMU 10.1 or later, and use the IGVM file with sev-snp only."},
    Symptom{"Processing of IGVM file failed: Could not prepare memory", 90,
            "The IGVM file fills memory that the VM does not have, or that belongs to a device.",
            "Give the VM more memory; else build the IGVM file for QEMU's q35."},
    Symptom{"guest memory map size exceeds parameter area", 90,
            "The IGVM file leaves too little room for the memory map of this VM.", kIgvmAnew},
    Symptom{"Multiple ID blocks encountered in IGVM file", 92, "The IGVM file has more than one ID block.",
            kIgvmAnew},
    Symptom{"Invalid SEV-SNP ID *block: incorrect size", 92,
            "The ID block in the IGVM file does not have its size.", kIgvmAnew},
    Symptom{"VMSA contains unsupported sev_features", 92,
            "The vCPU state in the IGVM file wants SEV features that KVM does not offer.",
            "Use a newer kernel, or build the IGVM file with other SEV_FEATURES."},
    Symptom{"but is not enabled in VMSA sev_features", 92,
            "The vCPU state in the IGVM file is not that of an SEV-SNP VM.", kIgvmAnew},
    Symptom{"The VMSA GPA must be", 92,
            "The vCPU state in the IGVM file has an address that KVM does not take.", kIgvmAnew},
    Symptom{"The VMSA contains fields that are not synchronized with KVM", 92,
            "The vCPU state in the IGVM file sets registers that QEMU cannot pass on.", kIgvmAnew},

    // Messages about the properties of sev-snp-guest.
    Symptom{"parameter length of * not equal to 96", 92, "The ID block does not have 96 bytes.",
            "Make sev-snp.id_block anew, or have it made with sev-snp.id_key."},
    Symptom{"parameter length:ID_AUTH", 92, "The authentication of the ID block has more than 4096 bytes.",
            "Make sev-snp.id_auth anew, or have it made with sev-snp.id_key."},

    // The CPU model: the firmware checks each CPUID leaf against the machine.
    Symptom{"SEV-SNP: CPUID validation failed", 97,
            "The CPU model promises the guest features that this CPU does not have.", kOlderCpu},
    Symptom{"SEV-SNP: failed update CPUID page", 80,
            "The CPU model promises the guest features that this CPU does not have.", kOlderCpu},
    Symptom{"SEV-SNP: CPUID entry count", 92, "The CPU model has more CPUID entries than SEV-SNP can check.",
            "Set qemu.cpu to a plain model: EPYC-v4, EPYC-Milan-v2, EPYC-Genoa."},

    // Lines that follow from an earlier one.
    Symptom{"failed to create encryption context", kit::kOnlyFollows,
            "The SEV firmware made no context for the VM.", "See the line before it."},
};

constexpr auto kAll = kit::joined(kShared, kOwn);

} // namespace

std::span<const Symptom> qemuSymptoms() { return kAll; }

} // namespace teehost::sev_snp
