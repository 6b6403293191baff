// SPDX-License-Identifier: Apache-2.0
//
// QEMU's words when an SEV-SNP VM does not start, and what to do about them: those of QEMU 7.2 to 10.1,
// target/i386/sev.c, hw/i386 and backends/igvm.c. Errors of the SEV firmware are numbers there (fw_error=N);
// what they mean is said in AMD 56860, table "Status codes", and named in Linux's psp-sev.h.
#include "diagnose.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <teehost/kit/symptom.h>

#include "sev_snp.h"

namespace teehost::sev_snp {
namespace {

using kit::Symptom;

constexpr std::array kSymptoms{
    // QEMU and its command line.
    Symptom{"does not accept value 'sev-snp-guest'", "", 98,
            "This QEMU is older than 9.1: it has no SEV-SNP.",
            "Set qemu.bin_path to a QEMU 9.1 or later; 10.1 or later for IGVM files."},
    Symptom{"invalid object type: sev-snp-guest", "", 98,
            "This QEMU is older than 9.1, or built without SEV: it has no SEV-SNP.",
            "Set qemu.bin_path to a QEMU 9.1 or later; 10.1 or later for IGVM files."},
    Symptom{"does not accept value 'igvm-cfg'", "", 98,
            "This QEMU does not boot IGVM files: older than 10.1, or built without libigvm.",
            "Set qemu.bin_path to a QEMU 10.1 or later built with libigvm, or empty sev-snp.igvm_file."},
    Symptom{"invalid object type: igvm-cfg", "", 98,
            "This QEMU does not boot IGVM files: older than 10.1, or built without libigvm.",
            "Set qemu.bin_path to a QEMU 10.1 or later built with libigvm, or empty sev-snp.igvm_file."},
    Symptom{"igvm-cfg' not found", "", 95,
            "This QEMU's machine does not boot IGVM files: older than 10.1, or built without libigvm.",
            "Set qemu.bin_path to a QEMU 10.1 or later built with libigvm, or empty sev-snp.igvm_file."},
    Symptom{"Invalid parameter 'debug-swap'", "", 98, "This QEMU cannot switch debug swap on.",
            "Set sev-snp.debug_swap=false, or use a newer QEMU."},
    Symptom{"Invalid parameter 'secure-tsc'", "", 98, "This QEMU has no secure TSC.",
            "Set sev-snp.secure_tsc=false, or use a newer QEMU."},
    Symptom{"Invalid parameter 'tsc-frequency'", "", 98, "This QEMU has no secure TSC.",
            "Set sev-snp.tsc_frequency=0 and sev-snp.secure_tsc=false, or use a newer QEMU."},
    Symptom{"SEV-SNP does not support SMM", "", 98, "The machine has system management mode switched on.",
            "Take smm=on out of qemu.machine."},
    Symptom{"require in-kernel irqchip", "", 95, "The machine's interrupt controller is not KVM's.",
            "Take kernel-irqchip=off out of qemu.machine."},
    Symptom{"pflash with kvm requires KVM readonly memory support", "", 95,
            "The firmware is given as flash, which SEV-SNP guests cannot have.",
            "Leave the firmware to sev-snp, which passes ovmf.code.file with -bios; look for pflash in what "
            "other plugins or qemu options add."},
    Symptom{"pflash devices cannot be configured when using IGVM", "", 95,
            "Firmware is given as flash beside the IGVM file, which brings its own.",
            "Look for pflash in what other plugins add to the VM."},

    // The host.
    Symptom{"cbitpos check failed", "", 98, "sev-snp.cbitpos is not the position the CPU has.",
            "Set sev-snp.cbitpos to auto."},
    Symptom{"reduced_phys_bits check failed", "", 98, "sev-snp.reduced_phys_bits is not from 1 to 63.",
            "Set sev-snp.reduced_phys_bits to 1, or to auto."},
    Symptom{"Failed to open /dev/sev", "Permission denied", 98,
            "The user QEMU runs as may not open /dev/sev.",
            "Let that user read and write /dev/sev: a group and a udev rule."},
    Symptom{"Failed to open /dev/sev", "", 90, "There is no SEV device, or it cannot be opened.",
            "Load the driver ccp, and enable the AMD secure processor and SEV-SNP in the firmware setup."},
    Symptom{"failed to get platform status", "", 85, "The SEV firmware does not answer.",
            "See `dmesg | grep -e ccp -e SEV`; load kvm_amd with sev_snp=1."},
    Symptom{
        "vm type", "not supported by KVM", 90, "KVM makes no SEV-SNP VMs on this host.",
        "Use Linux 6.11 or later and load kvm_amd with sev_snp=1; `teehost doctor` says what is missing."},
    Symptom{"KVM doesn't support guest_memfd", "", 90, "KVM has no private memory for guests.",
            "Use Linux 6.11 or later with CONFIG_KVM_AMD_SEV."},
    Symptom{"host kernel does not support the requested SEV configuration", "", 90,
            "KVM makes no SEV-SNP VMs on this host.",
            "Use Linux 6.11 or later and load kvm_amd with sev_snp=1."},

    // What it boots.
    Symptom{"Failed to locate SEV metadata header", "", 95,
            "The firmware is not built for SEV-SNP: it has no SEV metadata.",
            "Set ovmf.code.file to an OVMF built for SEV-SNP (Debian: /usr/share/ovmf/OVMF.fd; edk2: "
            "OvmfPkg/AmdSev), not to an OVMF_CODE file."},
    Symptom{"guest firmware has no hashes table GUID", "", 95,
            "The firmware takes no kernel hashes, and a kernel is booted directly.",
            "Set ovmf.code.file to an OVMF that takes them (edk2: OvmfPkg/AmdSev)."},
    Symptom{"guest firmware hashes table area is invalid", "", 95,
            "The firmware's area for kernel hashes is too small or missing.",
            "Set ovmf.code.file to an OVMF that takes them (edk2: OvmfPkg/AmdSev)."},
    Symptom{"SEV-ES reset address is zero", "", 90,
            "The firmware does not say where vCPUs after the first start.",
            "Set ovmf.code.file to an OVMF built for SEV-ES, or give the VM one vCPU."},
    Symptom{"could not load PC BIOS", "", 90, "The firmware is missing, cannot be read, or has an odd size.",
            "Set ovmf.code.file to a whole OVMF image, a multiple of 64 KiB, that the user QEMU runs as can "
            "read."},
    Symptom{"Unable to parse IGVM file", "", 92, "The IGVM file is damaged, or not an IGVM file.",
            "Build sev-snp.igvm_file anew; `teehost measure` says where it is wrong."},
    Symptom{"IGVM: Unknown header type", "", 92, "The IGVM file has headers that QEMU does not load.",
            "Build it for QEMU."},
    Symptom{"IGVM file does not describe a compatible supported platform", "", 95,
            "The IGVM file is not for SEV-SNP.", "Set sev-snp.igvm_file to a file built for SEV-SNP."},

    // The CPU model: the firmware checks each CPUID leaf against the machine.
    Symptom{"SEV-SNP: CPUID validation failed", "", 97,
            "The CPU model promises the guest features that this CPU does not have.",
            "Set qemu.cpu to a model that is not newer than the host's CPU: EPYC-v4, EPYC-Milan-v2, "
            "EPYC-Genoa."},
    Symptom{"SEV-SNP: failed update CPUID page", "", 80,
            "The CPU model promises the guest features that this CPU does not have.",
            "Set qemu.cpu to a model that is not newer than the host's CPU: EPYC-v4, EPYC-Milan-v2, "
            "EPYC-Genoa."},
    Symptom{"VMSA contains unsupported sev_features", "", 92,
            "The vCPU state in the IGVM file wants SEV features that KVM does not offer.",
            "Use a newer kernel, or build the IGVM file with other SEV_FEATURES."},
};

/// An error of the SEV firmware.
struct FirmwareError {
    int number;
    std::string_view cause;
    std::string_view remedy;
};

constexpr std::array kFirmwareErrors{
    FirmwareError{
        1, "The SEV firmware is not in the state to launch guests.",
        "Load kvm_amd with sev_snp=1; `dmesg | grep -e ccp -e SEV` says why it is not initialized."},
    FirmwareError{3, "The SEV firmware finds the platform's configuration invalid.",
                  "Check the firmware setup: SMEE, SEV-SNP memory coverage, IOMMU."},
    FirmwareError{7, "The SEV firmware does not allow the guest policy on this host.",
                  "Compare the policy with the host: SMT (bit 16) must be allowed when SMT is on, the ABI "
                  "version asked for must not be newer than the firmware's; with an ID block, both policies "
                  "must be the same."},
    FirmwareError{10, "The SEV firmware finds a signature of the ID block wrong.",
                  "Make sev-snp.id_block and sev-snp.id_auth anew, or have them made with sev-snp.id_key."},
    FirmwareError{11, "The launch digest is not the one the ID block is for.",
                  "Check what changed since the block was made: firmware, kernel, initrd, command line, vCPU "
                  "count, CPU model, or QEMU and kernel (sev-snp.vmsa_profile)."},
    FirmwareError{12, "Another guest holds the ASID.",
                  "Stop a VM with SEV, or wait until the kernel has flushed the freed ones, and try again."},
    FirmwareError{13, "The SEV firmware finds the ASID invalid.",
                  "In the firmware setup, raise \"Minimum SEV non-ES ASID\"."},
    FirmwareError{15, "The SEV firmware waits for a flush of the data fabric.", "Try again."},
    FirmwareError{19, "The SEV hardware reports an error.", "Restart the host; look for errors in dmesg."},
    FirmwareError{20, "The SEV hardware is in an unsafe state.",
                  "Restart the host; look for errors in dmesg."},
    FirmwareError{21, "The SEV firmware does not support what the VM asks for.",
                  "Update the platform's BIOS or linux-firmware; check sev-snp.policy for newer bits."},
    FirmwareError{22, "The SEV firmware finds a parameter of the launch invalid.",
                  "Mostly the CPU model: set qemu.cpu to one that is not newer than the host's CPU. Else "
                  "check sev-snp.policy: bit 17 must be one."},
    FirmwareError{23, "The SEV firmware has run out of a resource.",
                  "Stop a VM with SEV-SNP, or restart the host."},
    FirmwareError{24, "The SEV firmware's stored data failed an integrity check.", "Restart the host."},
    FirmwareError{25, "A page of the guest has the wrong size in the reverse map table.",
                  "Update the kernel: this is a bug of KVM."},
    FirmwareError{26, "A page of the guest is in the wrong state in the reverse map table.",
                  "Update the kernel; a memory backend with prealloc or hugepages is another cause."},
    FirmwareError{28, "A page of the guest belongs to somebody else in the reverse map table.",
                  "Update the kernel: this is a bug of KVM."},
    FirmwareError{32, "The reverse map table is not set up.",
                  "In the firmware setup, enable SEV-SNP memory coverage; load kvm_amd with sev_snp=1."},
    FirmwareError{37, "The SEV firmware was updated and must be restored.", "Restart the host."},
    FirmwareError{38, "The SEV firmware could not set up the reverse map table.",
                  "In the firmware setup, enable SEV-SNP memory coverage; restart the host."},
};

/// The number behind `key`, which may be quoted: fw_error=11, fw_error='11: Bad measurement'.
std::optional<int> numberAfter(std::string_view line, std::string_view key)
{
    const std::size_t at = line.find(key);
    if (at == std::string_view::npos)
        return std::nullopt;
    std::string_view rest = line.substr(at + key.size());
    if (rest.starts_with('\''))
        rest.remove_prefix(1);
    int number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

void explainFirmware(int number, std::string_view line, sdk::Findings out)
{
    constexpr std::uint32_t kConfidence = 90;
    const auto known = std::find_if(kFirmwareErrors.begin(), kFirmwareErrors.end(),
                                    [&](const FirmwareError& e) { return e.number == number; });
    if (known != kFirmwareErrors.end())
        out.add(kConfidence, known->cause, known->remedy, line);
    else
        out.add(
            kConfidence / 2, "The SEV firmware refuses with error " + std::to_string(number) + ".",
            "Look the number up in AMD's SEV-SNP firmware ABI (56860), table \"Status codes\"; see dmesg.",
            line);
}

/// KVM refused before the firmware was asked.
void explainKernel(int result, std::string_view line, sdk::Findings out)
{
    struct Errno {
        int number;
        std::string_view cause;
        std::string_view remedy;
    };
    static constexpr std::array kErrnos{
        Errno{-16, "All ASIDs for SEV-ES and SEV-SNP guests are in use.",
              "Stop a VM with SEV, or in the firmware setup raise \"Minimum SEV non-ES ASID\"."},
        Errno{-22, "KVM does not take the VM: no SEV-SNP on this host, or a parameter it does not know.",
              "`teehost doctor` says what the host lacks; switch sev-snp.debug_swap and sev-snp.secure_tsc "
              "off."},
        Errno{-12, "The kernel has not enough memory for the VM.",
              "Give the VM less memory, or stop others."},
        Errno{-19, "KVM has SEV-SNP switched off.", "Load kvm_amd with sev_snp=1."},
    };
    for (const Errno& known : kErrnos)
        if (known.number == result)
            out.add(88, known.cause, known.remedy, line);
}

void lookForErrors(std::string_view text, sdk::Findings out)
{
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        if (const auto number = numberAfter(line, "fw_error="); number && *number > 0)
            explainFirmware(*number, line, out);
        else if (number) // 0 and -1: the firmware did not refuse
            explainKernel(numberAfter(line, "ret=").value_or(0), line, out);
        text = end == std::string_view::npos ? "" : text.substr(end + 1);
    }
}

} // namespace

void diagnoseLaunch(const sdk::Failure& failure, sdk::Findings out)
{
    kit::tellSymptoms(kSymptoms, failure, out);
    for (const std::string_view text : {failure.stderrTail, failure.qmpError})
        lookForErrors(text, out);
}

void SevSnp::diagnose(sdk::Call, const sdk::Failure& failure, sdk::Findings out)
{
    diagnoseLaunch(failure, out);
}

} // namespace teehost::sev_snp
