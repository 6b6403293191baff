// SPDX-License-Identifier: Apache-2.0
//
// QEMU's words when a plain VM does not start, and what to do about them. The words are those of QEMU 7.2.
#include <array>

#include <teehost/kit/symptom.h>

#include "plain_kvm.h"

namespace teehost::plain_kvm {

namespace {

using kit::Symptom;

constexpr std::array kSymptoms{
    Symptom{"Could not access KVM kernel module: No such file or directory", "", 95,
            "The host has no /dev/kvm.",
            "Load kvm_amd or kvm_intel and enable virtualisation in the firmware setup, or set "
            "qemu.enable_kvm=false."},
    Symptom{"Could not access KVM kernel module: Permission denied", "", 95,
            "The user QEMU runs as may not open /dev/kvm.",
            "Add that user to the group of /dev/kvm (usually kvm)."},
    Symptom{"kvm version too old", "", 85, "/dev/kvm is not a KVM device.",
            "See what /dev/kvm is: ls -l /dev/kvm; in a container, pass the host's device in."},
    Symptom{"failed to initialize kvm: Device or resource busy", "", 90,
            "Another hypervisor holds the CPU's virtualisation extension.",
            "Stop the other hypervisor (VirtualBox, VMware) and unload its module."},
    Symptom{"failed to initialize kvm", "", 60, "KVM cannot be used.",
            "Run the probe again and see its KVM check."},
    Symptom{"could not open kernel file", "", 95, "The kernel file is missing or cannot be read.",
            "Check qemu.kernel.file and its permissions for the user QEMU runs as."},
    Symptom{"could not load kernel", "", 80, "The kernel file is not one QEMU can boot.",
            "Set qemu.kernel.file to a bzImage."},
    Symptom{"error reading initrd", "", 95, "The initrd file is missing or cannot be read.",
            "Check qemu.kernel.initrd and its permissions for the user QEMU runs as."},
    Symptom{"could not load PC BIOS", "", 90, "The firmware file is missing or cannot be read.",
            "Install the package ovmf (or seabios), and check the path of the firmware."},
    Symptom{"system firmware block device", "has invalid size", 90,
            "A firmware image is cut short or padded.",
            "Install the package ovmf anew: code and variable store must be a multiple of 4 KiB."},
    Symptom{"combined size of system firmware exceeds", "", 90,
            "The firmware images are too large for this machine.",
            "Use an OVMF build of at most 8 MiB, or set the machine property max-fw-size."},
    Symptom{"Could not open '", "OVMF", 80, "The firmware file is missing or cannot be read.",
            "Install the package ovmf, and check the path of the firmware."},
    Symptom{"Could not open '", "", 40, "A file of the VM is missing or cannot be read.",
            "Check that the named file exists and that the user QEMU runs as may read it."},
    Symptom{"unable to map backing store for guest RAM: Cannot allocate memory", "", 95,
            "The host has too few huge pages reserved.",
            "Reserve more (sysctl vm.nr_hugepages), or set plain-kvm.memory_backend=memfd."},
    Symptom{"cannot set up guest memory", "Cannot allocate memory", 90,
            "The host has not enough memory for the VM.", "Give the VM less memory, or stop other VMs."},
    Symptom{"Invalid SMP CPUs", "", 90, "The machine type cannot have that many vCPUs.",
            "Lower qemu.smp.count and qemu.smp.maxcpus."},
    Symptom{"unable to find CPU model", "", 90, "This QEMU does not know the CPU model.",
            "Set qemu.cpu to one that `qemu-system-x86_64 -cpu help` lists."},
    Symptom{"Failed to get \"write\" lock", "", 90,
            "Another process uses a disk or firmware image of this VM.",
            "Find it with fuser(1) on the image, and stop it."},
    Symptom{"unsupported machine type", "", 90, "This QEMU does not know the machine type.",
            "Set qemu.machine to one that `qemu-system-x86_64 -machine help` lists; plain VMs want q35."},
};

} // namespace

void PlainKvm::diagnose(sdk::Call, const sdk::Failure& failure, sdk::Findings out)
{
    kit::tellSymptoms(kSymptoms, failure, out);
}

} // namespace teehost::plain_kvm
