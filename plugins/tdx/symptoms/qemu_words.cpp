// SPDX-License-Identifier: Apache-2.0
//
// Sources: QEMU 10.1 and 10.2, target/i386/kvm/tdx.c, tdx-quote-generator.c, system/runstate.c; the words of
// the trees before it (intel, canonical) where they differ. Which number comes of which call: Linux 6.16
// to 7.1, arch/x86/kvm/vmx/tdx.c. Not run on hardware.
#include <array>

#include <teehost/kit/confidential_symptoms.h>

#include "tdx/symptoms/symptoms.h"

namespace teehost::tdx {
namespace {

using kit::Symptom;

constexpr std::string_view kSeeModule = "See `dmesg | grep -i -e tdx -e seam` for the TDX module's error.";
constexpr std::string_view kPlainCpu =
    "Set qemu.cpu to host without added features, empty tdx.attributes, and lower qemu.smp.maxcpus.";
constexpr std::string_view kEntropy = "The CPU's random number generator had nothing left for the TD.";
constexpr std::string_view kTryAgain =
    "Try again; if it stays so, some program on the host drains RDRAND or RDSEED.";
constexpr std::string_view kQgs =
    "See the log of the quote generation service (qgsd), and `teehost backends --checks`: the platform must "
    "be "
    "registered (PCCS), and tdx.quote_generation must say where the service listens.";

constexpr auto kShared = kit::confidentialSymptoms({
    .noQemuObject = "does not accept value 'tdx-guest'",
    .qemuTooOld = "This QEMU is older than 10.1, or built without TDX: it has no TDX.",
    .newerQemu = "Set qemu.bin_path to a QEMU 10.1 or later.",
    .noQemuSupport = "invalid object type: tdx-guest",
    .vmType = "type *tdx*not supported by KVM",
    .noSuchVms = "KVM makes no TDX VMs on this host.",
    .enableKvm =
        "Use Linux 6.16 or later with an upstream QEMU 10.1 or later, and load kvm_intel with tdx=1; "
        "`teehost backends --checks` says what is missing.",
    .wholeFirmware =
        "Set tdx.firmware to a whole OVMF image, a multiple of 64 KiB, that the user QEMU runs as "
        "can read.",
    .firmwareByBios =
        "Leave the firmware to tdx, which passes tdx.firmware with -bios; look for pflash in what "
        "other plugins or qemu options add.",
});

constexpr std::array kOwn{
    // QEMU's command line.
    Symptom{"TDX launch security is not supported with this QEMU binary", 95,
            "This QEMU is older than 10.1, or built without TDX: it has no TDX.",
            "Set qemu.bin_path to a QEMU 10.1 or later."},
    Symptom{"Parameter 'quote-generation-socket", 90,
            "This QEMU takes the quote generation service in another form than QEMU 10.1 does.",
            "Set qemu.bin_path to an upstream QEMU 10.1 or later."},
    Symptom{"Named cpu model is not supported for TDX", 98, "TDX takes no named CPU model.",
            "Set qemu.cpu to host."},
    Symptom{"TDX VM requires kernel_irqchip to be split", 98,
            "The machine's interrupt controller is not split.", "Take kernel-irqchip out of qemu.machine."},
    Symptom{"TDX VM doesn't support SMM", 98, "The machine has system management mode switched on.",
            "Take smm=on out of qemu.machine."},
    Symptom{"TDX VM doesn't support PIC", 98, "The machine has the old interrupt controller switched on.",
            "Take pic=on out of qemu.machine."},
    Symptom{"TDX requires guest CPU physical bits", 97,
            "The CPU model has another number of physical address bits than the host's CPU.",
            "Take phys-bits and host-phys-bits out of qemu.cpu."},
    Symptom{"it must be multiple of 25MHz", 97, "TDX takes only some frequencies of the time stamp counter.",
            "Take tsc-frequency out of qemu.cpu, or make it a multiple of 25 MHz."},
    Symptom{"must specify cpu_frequency", 95, "The frequency of the time stamp counter is out of range.",
            "Take tsc-frequency out of qemu.cpu, or set it from 100 MHz to 10 GHz."},
    Symptom{"Unable to set TSC frequency to", 90,
            "KVM does not take the frequency of the time stamp counter.",
            "Take tsc-frequency out of qemu.cpu."},
    Symptom{"QEMU unsupported TD attribute bits", 97, "TD attributes are asked for that QEMU does not allow.",
            "Empty tdx.attributes, or use bits 28, 30 and 63 only."},
    Symptom{"Invalid attributes * for TDX VM", 97,
            "TD attributes are asked for that this host's TDX module does not offer.",
            "Empty tdx.attributes; take +pks and +pmu out of qemu.cpu; or update the TDX module."},
    Symptom{"Invalid XFAM", 95, "The CPU model has a feature that this host's TDX module does not offer.",
            "Take the feature out of qemu.cpu (host,-amx-tile)."},
    Symptom{"TDX doesn't support requested feature", 75,
            "The CPU model asks for features that TDX does not have.",
            "Set qemu.cpu to host; without enforce, such features are only left out."},
    Symptom{"sha384 digest was", 97, "MRCONFIGID, MROWNER or MROWNERCONFIG is not 48 bytes.",
            "Check tdx.mr_config_id, tdx.mr_owner and tdx.mr_owner_config."},

    // Calls to KVM. The number decides where one is printed.
    Symptom{"KVM_TDX_CAPABILITIES*Inappropriate ioctl", 92,
            "QEMU and the kernel are of trees that do not belong together, or KVM has TDX switched off.",
            "Use upstream QEMU 10.1 or later with Linux 6.16 or later, and load kvm_intel with tdx=1."},
    Symptom{"KVM_TDX_CAPABILITIES", 88, "The TDX module is not ready.",
            "See `dmesg | grep -i -e tdx -e seam`; update the platform's BIOS."},
    Symptom{"KVM_CAP_X86_APIC_BUS_CYCLES_NS", 88, "KVM is too old for TDX.", "Use Linux 6.16 or later."},
    Symptom{"Unable to set core crystal clock frequency", 85, "KVM is too old for TDX.",
            "Use Linux 6.16 or later."},
    Symptom{"due to lack of entropy", 95, kEntropy, kTryAgain},
    Symptom{"KVM_TDX_INIT_VM*Resource temporarily unavailable", 94, kEntropy, kTryAgain},
    Symptom{"KVM_TDX_INIT_VM*No space left on device", 95, "All key ids for TDs are in use.",
            "Stop a TD, or set more key ids aside for TDX in the firmware setup."},
    Symptom{"KVM_TDX_INIT_VM*Cannot allocate memory", 92, "The kernel has not enough memory for the TD.",
            "Give the VM less memory, or stop others."},
    Symptom{"KVM_TDX_INIT_VM*Device or resource busy", 90,
            "All key ids that the cgroup allows are in use, or vCPUs were made too early.",
            "Stop a TD, or raise misc.max of the cgroup; use an upstream QEMU."},
    Symptom{"KVM_TDX_INIT_VM*Argument list too long", 90,
            "The CPU model has more CPUID entries than KVM takes.", kPlainCpu},
    Symptom{"KVM_TDX_INIT_VM*0xc0000100*Invalid argument", 92,
            "The TDX module finds a parameter of the TD invalid: attributes, XFAM or a CPU feature.",
            kPlainCpu},
    Symptom{
        "KVM_TDX_INIT_VM*Invalid argument", 85,
        "KVM or the TDX module does not take the TD's parameters: attributes, CPU features, or more vCPUs "
        "than it allows.",
        kPlainCpu},
    Symptom{"KVM_TDX_INIT_VM*Input/output error", 88,
            "The TDX module failed, or a processor socket has no CPU online.", kSeeModule},
    Symptom{"KVM_TDX_INIT_VM", 70, "KVM could not make the TD.", kSeeModule},
    Symptom{"KVM_TDX_INIT_VCPU*Cannot allocate memory", 92,
            "The kernel has not enough memory for the TD's vCPUs.",
            "Give the VM fewer vCPUs, or stop others."},
    Symptom{"KVM_TDX_INIT_VCPU*0xc0000100", 90, "The TDX module does not take a vCPU of the TD.",
            "Give the VM at most as many vCPUs as the host has CPUs; see `dmesg | grep -i -e tdx -e seam`."},
    Symptom{"KVM_TDX_INIT_VCPU*Invalid argument", 88, "KVM does not take a vCPU of the TD.",
            "Leave x2apic on in qemu.cpu, and use a QEMU and a kernel that belong together."},
    Symptom{"KVM_TDX_INIT_VCPU", 80, "A vCPU of the TD could not be made.", kSeeModule},
    Symptom{"KVM_TDX_INIT_MEM_REGION*Cannot allocate memory", 92,
            "The host has not enough memory for the firmware's pages.",
            "Give the VM less memory, or stop others."},
    Symptom{"KVM_TDX_INIT_MEM_REGION*Resource temporarily unavailable", 85,
            "A page of the firmware could not be put into the TD just now.", "Try again; update the kernel."},
    Symptom{"KVM_TDX_INIT_MEM_REGION*Invalid argument", 85,
            "A section of the firmware is not whole pages of private memory.",
            "Set tdx.firmware to an OVMF built for QEMU."},
    Symptom{"KVM_TDX_INIT_MEM_REGION", 83, "The firmware's pages could not be put into the TD.",
            "See `dmesg | grep -i tdx`; memory of the host may be short, or tdx.firmware damaged."},
    Symptom{"KVM_TDX_FINALIZE_VM*Device or resource busy", 85, "The TDX module was busy.", "Try again."},
    Symptom{"KVM_TDX_FINALIZE_VM", 80, "The TD could not be finished.", kSeeModule},
    Symptom{"KVM_TDX_GET_CPUID", 80, "KVM does not tell the TD's CPUID.", "Use Linux 6.16 or later."},
    Symptom{"KVM TDX seems broken that number of CPUID entries", 85, "KVM and QEMU do not belong together.",
            "Use upstream QEMU 10.1 or later with Linux 6.16 or later."},

    // Quotes, while the TD runs.
    Symptom{"quote-generation-socket is not set", 85,
            "The guest asked for a quote, and QEMU has no service for it.", kQgs},
    Symptom{"QGS message error code", 85, "The quote generation service refused to make a quote.", kQgs},
    Symptom{"Invalid QGS message", 85, "Something else than the quote generation service answers QEMU.",
            kQgs},
    Symptom{"End of file before reply received", 80, "The quote generation service hung up.", kQgs},

    // The guest.
    Symptom{"TDX guest reports fatal error", 85,
            "The guest gave up: its firmware or kernel reports a fatal error to the host.",
            "The console says more; firmware does so when it finds its memory or metadata not as measured."},
    Symptom{"TDX: REPORT_FATAL_ERROR", 80, "The guest gave up, with a number that TDX does not define.",
            "The console says more."},
};

constexpr auto kAll = kit::joined(kShared, kOwn);

} // namespace

std::span<const Symptom> qemuSymptoms() { return kAll; }

} // namespace teehost::tdx
