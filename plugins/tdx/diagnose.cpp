// SPDX-License-Identifier: Apache-2.0
//
// QEMU's words when a TD does not start, and what to do about them: those of QEMU 7.2 to 10.2,
// target/i386/kvm/tdx.c, hw/i386/tdvf.c, accel/kvm. Not run on hardware: the words are from its sources, and
// those of old QEMUs from the one that is installed.
#include "tdx/diagnose.h"

#include <array>

#include <teehost/kit/symptom.h>

#include "tdx/tdx.h"

namespace teehost::tdx {
namespace {

using kit::Symptom;

constexpr std::string_view kWholeImage =
    "Set tdx.firmware to one flat OVMF image built for TDX (Debian: /usr/share/ovmf/OVMF.fd), not to an "
    "OVMF_CODE file.";

constexpr std::array kSymptoms{
    // QEMU and its command line.
    Symptom{"does not accept value 'tdx-guest'", "", 98, "This QEMU is older than 10.1: it has no TDX.",
            "Set qemu.bin_path to a QEMU 10.1 or later."},
    Symptom{"invalid object type: tdx-guest", "", 98,
            "This QEMU is older than 10.1, or built without TDX: it has no TDX.",
            "Set qemu.bin_path to a QEMU 10.1 or later."},
    Symptom{"Parameter 'quote-generation-socket", "", 90,
            "This QEMU takes the quote generation service in another form than QEMU 10.1 does.",
            "Set qemu.bin_path to an upstream QEMU 10.1 or later."},
    Symptom{"Named cpu model is not supported for TDX", "", 98, "TDX takes no named CPU model.",
            "Set qemu.cpu to host."},
    Symptom{"TDX VM requires kernel_irqchip to be split", "", 98,
            "The machine's interrupt controller is not split.", "Take kernel-irqchip out of qemu.machine."},
    Symptom{"TDX VM doesn't support SMM", "", 98, "The machine has system management mode switched on.",
            "Take smm=on out of qemu.machine."},
    Symptom{"TDX VM doesn't support PIC", "", 98, "The machine has the old interrupt controller switched on.",
            "Take pic=on out of qemu.machine."},
    Symptom{"TDX requires guest CPU physical bits", "", 97,
            "The CPU model has another number of physical address bits than the host's CPU.",
            "Take phys-bits and host-phys-bits out of qemu.cpu."},
    Symptom{"it must be multiple of 25MHz", "", 97,
            "TDX takes only some frequencies of the time stamp counter.",
            "Take tsc-frequency out of qemu.cpu, or make it a multiple of 25 MHz."},
    Symptom{"must specify cpu_frequency", "", 95, "The frequency of the time stamp counter is out of range.",
            "Take tsc-frequency out of qemu.cpu, or set it from 100 MHz to 10 GHz."},
    Symptom{"QEMU unsupported TD attribute bits", "", 97,
            "TD attributes are asked for that QEMU does not allow.",
            "Empty tdx.attributes, or use bits 28, 30 and 63 only."},
    Symptom{"for TDX VM (KVM supported", "Invalid attributes", 97,
            "TD attributes are asked for that this host's TDX module does not offer.",
            "Empty tdx.attributes; take +pks and +pmu out of qemu.cpu; or update the TDX module."},
    Symptom{"Invalid XFAM", "", 95, "The CPU model has a feature that this host's TDX module does not offer.",
            "Take the feature out of qemu.cpu (host,-amx-tile)."},
    Symptom{"TDX doesn't support requested feature", "", 75,
            "The CPU model asks for features that TDX does not have.",
            "Set qemu.cpu to host; without enforce, such features are only left out."},
    Symptom{"sha384 digest was", "", 97, "MRCONFIGID, MROWNER or MROWNERCONFIG is not 48 bytes.",
            "Check tdx.mr_config_id, tdx.mr_owner and tdx.mr_owner_config."},

    // The host.
    Symptom{"vm type", "not supported by KVM", 90, "KVM makes no TDX VMs on this host.",
            "Use Linux 6.16 or later and load kvm_intel with tdx=1; `teehost doctor` says what is missing."},
    Symptom{"vm-type", "not supported by KVM", 90, "KVM makes no TDX VMs on this host.",
            "Use Linux 6.16 or later and load kvm_intel with tdx=1; `teehost doctor` says what is missing."},
    Symptom{"KVM_TDX_CAPABILITIES", "", 90, "The TDX module is not ready.",
            "See `dmesg | grep -i -e tdx -e seam`; update the platform's BIOS."},
    Symptom{"KVM doesn't support guest_memfd", "", 88, "KVM has no private memory for guests.",
            "Use Linux 6.16 or later with CONFIG_KVM_INTEL_TDX."},
    Symptom{"KVM_CAP_X86_APIC_BUS_CYCLES_NS", "", 88, "KVM is too old for TDX.", "Use Linux 6.16 or later."},
    Symptom{"due to lack of entropy", "", 95,
            "The CPU's random number generator had nothing left for the TD.",
            "Try again; if it stays so, some program on the host drains RDRAND or RDSEED."},
    Symptom{"KVM_TDX_INIT_VM", "No space left on device", 95, "All key ids for TDs are in use.",
            "Stop a TD, or set more key ids aside for TDX in the firmware setup."},
    Symptom{"KVM_TDX_INIT_VM", "Cannot allocate memory", 92, "The kernel has not enough memory for the TD.",
            "Give the VM less memory, or stop others."},
    Symptom{
        "KVM_TDX_INIT_VM", "Invalid argument", 85,
        "KVM or the TDX module does not take the TD's parameters: attributes, CPU features, or more vCPUs "
        "than it allows.",
        "Set qemu.cpu to host without added features, empty tdx.attributes, and lower qemu.smp.maxcpus."},
    Symptom{"KVM_TDX_INIT_VM", "", 70, "KVM could not make the TD.",
            "See `dmesg | grep -i tdx` for the TDX module's error."},
    Symptom{"KVM_TDX_INIT_MEM_REGION", "", 85, "The firmware's pages could not be put into the TD.",
            "See `dmesg | grep -i tdx`; memory of the host may be short, or tdx.firmware damaged."},
    Symptom{"KVM_TDX_FINALIZE_VM", "", 80, "The TD could not be finished.",
            "See `dmesg | grep -i tdx` for the TDX module's error."},

    // What it boots.
    Symptom{"TDVF metadata", "", 88, "The firmware's TDX metadata is missing or damaged.", kWholeImage},
    Symptom{"Unsupported TDVF section", "", 95,
            "The firmware has sections that QEMU does not load: it is built for another hypervisor.",
            kWholeImage},
    Symptom{"Failed to parse TDVF", "", 93, "The firmware is not built for TDX.", kWholeImage},
    Symptom{"pflash with kvm requires KVM readonly memory support", "", 95,
            "The firmware is given as flash, which TDs cannot have.",
            "Leave the firmware to tdx, which passes tdx.firmware with -bios; look for pflash in what other "
            "plugins or qemu options add."},
    Symptom{"could not load PC BIOS", "", 90, "The firmware is missing, cannot be read, or has an odd size.",
            "Set tdx.firmware to a whole OVMF image, a multiple of 64 KiB, that the user QEMU runs as can "
            "read."},

    // The guest.
    Symptom{"TDX guest reports fatal error", "", 85,
            "The guest gave up: its firmware or kernel reports a fatal "
            "error to the host.",
            "The console says more; firmware does so when it finds its memory or metadata not as measured."},
};

} // namespace

void diagnoseLaunch(const sdk::Failure& failure, sdk::Findings out)
{
    kit::tellSymptoms(kSymptoms, failure, out);
}

void Tdx::diagnose(sdk::Call, const sdk::Failure& failure, sdk::Findings out)
{
    diagnoseLaunch(failure, out);
}

} // namespace teehost::tdx
