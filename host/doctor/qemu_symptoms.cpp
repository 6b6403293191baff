// SPDX-License-Identifier: Apache-2.0
//
// Sources: QEMU 7.2, 10.0 and 10.2 under LC_ALL=C: accel/kvm/kvm-all.c, softmmu and system (vl.c, physmem.c,
// qdev-monitor.c), hw/core (machine.c, machine-smp.c, loader.c), hw/i386 (pc.c, pc_sysfw.c, x86.c,
// x86-common.c), net, hw/9pfs, hw/virtio/vhost-vsock.c, hw/vfio, backends (hostmem*.c, tpm), util,
// target/i386/cpu.c, qapi, qom. Linux 6.1 to 7.1: mm/oom_kill.c, arch/x86/kvm.
#include <array>

#include "host/doctor/qemu_symptoms.h"

namespace teehost::doctor {
namespace {

using kit::Symptom;

constexpr std::string_view kNoKvm = "Load kvm_amd or kvm_intel and enable virtualisation in the firmware "
                                    "setup, or set qemu.enable_kvm=false.";
constexpr std::string_view kKernelFile = "Check qemu.kernel.file, and that QEMU's account may read it.";
constexpr std::string_view kLessMemory = "Ask for less memory, or remove other VMs.";
constexpr std::string_view kCommandLine = "See the QEMU command line in teehostd's log.";
constexpr std::string_view kCompleteQemu = "Install the complete QEMU package of the distribution.";
constexpr std::string_view kTpm =
    "See the VM's log of swtpm; set attesters=none to launch VMs without a TPM.";
constexpr std::string_view kLockedMemory = "Raise LimitMEMLOCK= of the unit, or `ulimit -l`: the memory of a "
                                           "VM with a device of the host is locked.";

constexpr std::array kSymptoms{
    // KVM.
    Symptom{"Could not access KVM kernel module: No such file", 95, "There is no /dev/kvm on this host.",
            kNoKvm},
    Symptom{"Could not access KVM kernel module: No such device", 95,
            "KVM is installed on this host, and the CPU's virtualisation is off or taken.", kNoKvm},
    Symptom{"Could not access KVM kernel module: Permission denied", 95, "QEMU may not open /dev/kvm.",
            "Add the account QEMU runs as to the group of /dev/kvm, usually kvm; in a container, compare the "
            "number of that group with the host's."},
    Symptom{"Could not access KVM kernel module", 85, "QEMU could not open /dev/kvm.", kNoKvm},
    Symptom{"kvm version too old", 85, "/dev/kvm is not a KVM device.",
            "See what /dev/kvm is: ls -l /dev/kvm; in a container, pass the host's device in."},
    Symptom{"kvm version not supported", 85, "/dev/kvm speaks another version of the KVM interface.",
            "Update QEMU."},
    Symptom{"KVM_CREATE_VM) failed*Device or resource busy", 95,
            "Another hypervisor holds the CPU's virtualisation.",
            "Stop the other hypervisor (VirtualBox, VMware) and unload its module."},
    Symptom{"failed to initialize kvm: Device or resource busy", 90,
            "Another hypervisor holds the CPU's virtualisation.",
            "Stop the other hypervisor (VirtualBox, VMware) and unload its module."},
    Symptom{
        "failed to initialize kvm: No such device", 88,
        "KVM is installed on this host, and the CPU's virtualisation is off, or not passed to this machine.",
        kNoKvm},
    Symptom{"KVM_CREATE_VM) failed*Cannot allocate memory", 92,
            "The kernel has not enough memory for another VM.", "Remove other VMs."},
    Symptom{"KVM_CREATE_VM) failed*Invalid argument", 85,
            "KVM does not make VMs of the kind that is asked for.",
            "Load kvm_amd or kvm_intel with the TEE's parameter; `teehost backends --checks` says what is "
            "missing."},
    Symptom{"cpus requested*exceeds the maximum cpus supported by KVM", 95,
            "KVM takes fewer vCPUs than asked for.", "Ask for fewer, or lower qemu.smp.maxcpus."},
    Symptom{"kvm does not support ", 88, "The host's kernel is too old for this QEMU.", "Update the kernel."},
    Symptom{"VMX not enabled (by BIOS)", 95, "Virtualisation is off in the firmware setup.", kNoKvm},
    Symptom{"VMX not supported by CPU", 92, "The CPU has no virtualisation, or hides it from this machine.",
            kNoKvm},
    Symptom{"SVM not supported by CPU", 92, "The CPU has no virtualisation, or hides it from this machine.",
            kNoKvm},
    Symptom{"kvm: *disabled by BIOS", 92, "Virtualisation is off in the firmware setup.", kNoKvm},
    Symptom{"CPU model * requires KVM or HVF", 95, "The CPU model needs KVM, and the VM runs without it.",
            "Set qemu.cpu to a named model (EPYC-v4), or qemu.enable_kvm=true."},
    Symptom{"failed to initialize kvm", 60, "KVM could not be initialised.",
            "See the line before it, and teehostd's log for the KVM probe's verdict."},

    // Firmware, kernel, initrd.
    Symptom{"could not open kernel file", 95, "QEMU could not open the kernel.", kKernelFile},
    Symptom{"could not load kernel", 80, "QEMU could not load the kernel.",
            "Set qemu.kernel.file to a bzImage."},
    Symptom{"invalid kernel header", 90, "The kernel file is not a bootable x86 kernel.", kKernelFile},
    Symptom{"linux kernel too old", 90, "The kernel file is not a Linux kernel QEMU can boot.", kKernelFile},
    Symptom{"loading uncompressed kernel without PVH ELF Note", 92,
            "The kernel file is an ELF image that does not boot as it is.",
            "Set qemu.kernel.file to a bzImage (arch/x86/boot/bzImage), not to vmlinux."},
    Symptom{"error reading initrd", 95, "QEMU could not read the initrd.",
            "Check qemu.kernel.initrd, and that QEMU's account may read it."},
    Symptom{"initrd is too large", 95, "The initrd is larger than the kernel or the VM's memory allows.",
            "Make the initrd smaller, or ask for more memory."},
    Symptom{
        "could not load PC BIOS", 90, "QEMU could not load the firmware.",
        "Install the package ovmf, or check ovmf.code.file: a whole image, a multiple of 64 KiB, that QEMU's "
        "account may read."},
    Symptom{"system firmware block device*has invalid size", 92, "A firmware image is cut short or padded.",
            "Install the package ovmf anew: code and variable store must be a multiple of 4 KiB."},
    Symptom{"combined size of system firmware exceeds", 92,
            "The firmware images are too large for this machine.",
            "Use an OVMF build of at most 8 MiB, or set the machine property max-fw-size."},
    Symptom{"Could not open '*OVMF", 85, "The firmware file is missing or cannot be read.",
            "Install the package ovmf, and check ovmf.code.file and ovmf.vars.file."},
    Symptom{"Some ROM regions are overlapping", 88,
            "Firmware, kernel and initrd do not fit beside each other.",
            "Ask for more memory, or boot a smaller kernel or initrd."},

    // Memory.
    Symptom{"cannot set up guest memory", 90, "The host has not enough memory for the VM.", kLessMemory},
    Symptom{"preallocating memory failed", 90, "The host has not enough memory for the VM.", kLessMemory},
    Symptom{"failed to resize memfd", 88, "The host has not enough memory for the VM.", kLessMemory},
    Symptom{"unable to map backing store for guest RAM", 92, "The host has not enough huge pages for the VM.",
            "Reserve more huge pages (sysctl vm.nr_hugepages), or ask for less memory."},
    Symptom{"can't open backing store", 90, "The file system that backs the VM's memory cannot be used.",
            "Mount hugetlbfs where the backend expects it, writable for QEMU's account."},
    Symptom{"must be equal to or larger than page size", 90, "The VM's memory is smaller than one huge page.",
            "Ask for more memory, or use smaller huge pages."},
    Symptom{"exceeds permitted maximum", 90, "QEMU takes less memory than asked for.",
            "Ask for less memory."},
    Symptom{"invalid value of maxmem", 90,
            "The memory that may be added later is less than what the VM starts with.",
            "Raise qemu.memory.max, or set qemu.memory.slots=0."},
    Symptom{"unsupported amount of memory slots", 90,
            "The machine has fewer slots for memory than asked for.", "Lower qemu.memory.slots."},
    Symptom{"phys-bits too low", 90, "The CPU model has too few address bits for the VM's memory.",
            "Ask for less memory, lower qemu.memory.max, or set qemu.cpu to host."},
    Symptom{"Out of memory: Killed process*qemu", 95, "The kernel was short of memory, and killed QEMU.",
            kLessMemory},
    Symptom{"oom-kill:*task=qemu", 90, "The kernel was short of memory, and killed QEMU.", kLessMemory},

    // Machine, CPU, devices.
    Symptom{"unsupported machine type", 90, "This QEMU has no such machine type.",
            "Set qemu.machine to one that `qemu-system-x86_64 -machine help` lists."},
    Symptom{"unable to find CPU model", 90, "This QEMU has no such CPU model.",
            "Set qemu.cpu to one that `qemu-system-x86_64 -cpu help` lists."},
    Symptom{"Host doesn't support requested features", 92,
            "The CPU model has features that this host's CPU has not.",
            "Set qemu.cpu to host, or to a model that is not newer than the host's CPU."},
    Symptom{"Invalid SMP CPUs", 90, "The machine type takes fewer vCPUs than asked for.",
            "Ask for fewer, or lower qemu.smp.maxcpus."},
    Symptom{"Invalid CPU topology", 90, "The vCPUs cannot be laid out as asked for.",
            "Set qemu.smp.maxcpus to a multiple of the vCPUs, and not below them."},
    Symptom{"requires kernel irqchip and X2APIC API support", 90,
            "More than 255 vCPUs need an interrupt controller of KVM.", "Lower qemu.smp.maxcpus to 255."},
    Symptom{"does not accept value", 80, "This QEMU does not know an object that the backend needs.",
            "Install a newer QEMU; the backend's documentation names the version."},
    Symptom{"invalid object type", 80, "This QEMU does not know an object that the backend needs.",
            "Install a newer QEMU; the backend's documentation names the version."},
    Symptom{"is not a valid device model name", 80, "This QEMU lacks a device the VM needs.", kCompleteQemu},
    Symptom{"invalid accelerator", 90, "This QEMU is built without the accelerator.",
            "Install a QEMU with it, or change qemu.enable_kvm."},
    Symptom{"accelerator does not support confidential guest", 92, "Confidential VMs need KVM.",
            "Set qemu.enable_kvm=true on a host that has KVM."},
    Symptom{"group * is not viable", 92,
            "The device shares an IOMMU group with one that the host still uses.",
            "Bind all devices of the group to vfio-pci, or give the VM another one."},
    Symptom{"failed to open /dev/vfio", 90, "QEMU may not use the device of the host that the VM is given.",
            "Bind the device to vfio-pci, and let QEMU's account open /dev/vfio."},
    Symptom{"dma_map(*= -12", 90, "QEMU may not lock the VM's memory.", kLockedMemory},
    Symptom{"VFIO_MAP_DMA failed: Cannot allocate memory", 92, "QEMU may not lock the VM's memory.",
            kLockedMemory},

    // Network, shares, TPM.
    Symptom{kPortBusyWords, 90, "QEMU could not bind the agent's host port.",
            "End what listens there, or change qemu.host_fwd_range or qemu.host_fwd_address."},
    Symptom{"Invalid host forwarding rule", 90,
            "QEMU does not take the address that is forwarded to the agent.",
            "Check qemu.host_fwd_address: an IPv4 address of this host."},
    Symptom{"network backend * is not compiled into this binary", 92,
            "This QEMU is built without the network that the VM is given.", kCompleteQemu},
    Symptom{"could not open /dev/net/tun", 90, "QEMU could not open /dev/net/tun.",
            "Load the module tun, and let QEMU's account open the device."},
    Symptom{"could not configure /dev/net/tun", 90, "QEMU may not use the network device of the VM.",
            "Make the device for QEMU's account, or give QEMU the capability net_admin."},
    Symptom{"bridge helper failed", 90, "QEMU's bridge helper refused the bridge.",
            "Allow the bridge in /etc/qemu/bridge.conf, and keep qemu-bridge-helper setuid."},
    Symptom{"unable to set guest cid: Address already in use", 95,
            "Another VM of this host has the same vsock number.",
            "Find the other QEMU that has this guest-cid, and end it or give it another."},
    Symptom{"unable to set guest cid", 85, "The kernel does not take the VM's vsock number.",
            "Load vhost_vsock."},
    Symptom{"Could not open '/dev/vhost-vsock': Permission denied", 92, "QEMU may not open /dev/vhost-vsock.",
            "Let QEMU's account read and write /dev/vhost-vsock."},
    Symptom{"Could not open '/dev/vhost-vsock'", 88, "The host has no vhost-vsock.",
            "Load the module vhost_vsock."},
    Symptom{"cannot initialize fsdev", 85, "QEMU could not open one of the VM's 9p shares.",
            "Check that QEMU's account may reach runtime.dir."},
    Symptom{"fsdev support is disabled", 90, "This QEMU is built without 9p shares.", kCompleteQemu},
    Symptom{"UNIX socket path * is too long", 92, "The path of a socket is too long for the kernel.",
            "Shorten runtime.dir."},
    Symptom{"tpm-emulator: Could not lock storage", 90, "Another swtpm uses the VM's TPM.", kTpm},
    Symptom{"tpm-emulator: ", 85, "QEMU could not use the VM's TPM.", kTpm},

    // Files and options.
    Symptom{"Failed to get \"write\" lock", 90, "Another process uses the disk or firmware image.",
            "Find it with fuser(1) on the image, and stop it."},
    Symptom{"Could not open '", 40, "A file of the VM is missing or cannot be read.",
            "Check that the named file exists, and that QEMU's account may read it."},
    Symptom{"failed to initialize seccomp", 85, "QEMU could not set its sandbox up.",
            "Set qemu.sandbox=false, and report the QEMU version."},
    Symptom{"sandbox support is not enabled", 92, "This QEMU is built without its sandbox.",
            "Set qemu.sandbox=false, or install the complete QEMU package of the distribution."},
    Symptom{"error while loading shared libraries", 95, "QEMU lacks a library.", kCompleteQemu},
    Symptom{": invalid option", 60, "QEMU refused one of its options.", kCommandLine},
    Symptom{"Invalid parameter '", 55, "QEMU refused one of its options.", kCommandLine},
    Symptom{"Parameter '", 40, "QEMU refused one of its options.", kCommandLine},
    Symptom{"Property '*' not found", 55,
            "This QEMU does not know a property of the machine or of an object.",
            "Install a newer QEMU; see the QEMU command line in teehostd's log."},
    Symptom{"teehost-launch:", 80, "QEMU could not be started.", "See the words quoted."},

    // A guest that ran, and no more.
    Symptom{"kvm run failed Bad address", 80, "KVM could not give the guest a page of its memory.",
            "See the host's kernel log; free memory of the host; update QEMU and the kernel."},
    Symptom{
        "kvm run failed", 70, "KVM could not run the guest on.",
        "See the host's kernel log and the guest's console; check that firmware, guest kernel, QEMU and the "
        "host's kernel are made for this kind of VM."},
    Symptom{"KVM: entry failed, hardware error", 70, "The CPU refused to run the guest.",
            "See the host's kernel log; another QEMU, firmware or CPU model may be needed."},
    Symptom{"KVM internal error", 70, "KVM met an instruction that it cannot run.",
            "See the host's kernel log; the guest's firmware or kernel may not be made for this kind of VM."},
    Symptom{"Failed to put registers", 65, "KVM does not take the vCPU's state.",
            "Use a QEMU and a kernel that belong together."},
};

} // namespace

std::span<const Symptom> qemuSymptoms() { return kSymptoms; }

} // namespace teehost::doctor
