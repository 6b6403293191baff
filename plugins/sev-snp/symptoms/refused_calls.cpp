// SPDX-License-Identifier: Apache-2.0
//
// KVM's answers to QEMU's calls before it asks the SEV firmware: Linux 6.12 and 7.1,
// arch/x86/kvm/svm/sev.c,
// __sev_guest_init, sev_asid_new, snp_launch_start, snp_launch_update, snp_launch_finish. QEMU prints the
// call and the number: "SNP_LAUNCH_START ret=-22 fw_error=0".
#include <array>
#include <charconv>
#include <optional>

#include "symptoms/symptoms.h"

namespace teehost::sev_snp {
namespace {

constexpr int kBadFileDescriptor = -9, kNoMemory = -12, kFault = -14, kBusy = -16, kNoDevice = -19,
              kInvalid = -22, kNotForThis = -25, kInputOutput = -5, kNotSupported = -95;

struct Refusal {
    std::string_view call; ///< words of QEMU for it, as in kit::Symptom; empty: of any call
    int number;
    std::string_view cause;
    std::string_view remedy;
};

constexpr std::string_view kInit = "failed to initialize";
constexpr std::string_view kStart = "SNP_LAUNCH_START";
constexpr std::string_view kUpdate = "SNP_LAUNCH_UPDATE";
constexpr std::string_view kFinish = "SNP_LAUNCH_FINISH";
constexpr std::string_view kSameAge = "Use a QEMU and a kernel that belong together: both upstream (QEMU "
                                      "9.1, Linux 6.11, or later), or both of one "
                                      "vendor.";

constexpr std::array kRefusals{
    Refusal{
        kInit, kInvalid,
        "KVM does not take what the VM is set up with: an SEV feature that it does not know, or a QEMU of "
        "another tree than the kernel.",
        "Set sev-snp.debug_swap=false and sev-snp.secure_tsc=false; use upstream QEMU 9.1 or later with "
        "Linux "
        "6.11 or later."},
    Refusal{
        kInit, kBusy, "All ASIDs for SEV-ES and SEV-SNP guests are in use.",
        "Stop a VM with SEV, or in the firmware setup raise \"Minimum SEV non-ES ASID\"; a cgroup's misc.max "
        "limits them too."},
    Refusal{kInit, kNotForThis,
            "KVM has SEV switched off, or no ASIDs are set aside for SEV-ES and SEV-SNP VMs.",
            "Load kvm_amd with sev_snp=1; in the firmware setup, raise \"Minimum SEV non-ES ASID\"."},
    Refusal{kInit, kInputOutput, "The SEV firmware could not be initialized.",
            "See `dmesg | grep -e ccp -e SEV`, which has the firmware's error."},
    Refusal{kInit, kNotSupported, "The SEV firmware is too old for SEV-SNP.",
            "Update linux-firmware (amd/amd_sev_fam*.sbin) and the BIOS."},

    Refusal{
        kStart, kInvalid,
        "The guest policy has bits that this kernel does not take, or lacks one that it asks for; else the "
        "VM "
        "is not an SEV-SNP VM to it.",
        "Set sev-snp.policy to 0x30000. Bit 17 must be one; Linux 6.11 and some later ones also want bit 16 "
        "(SMT), refuse bit 20 (single socket), and take of the others 0 to 15 and 19 only. An IGVM file "
        "brings "
        "its own policy."},
    Refusal{kStart, kNotForThis,
            "The SEV firmware made no context for the VM, or the VM is not an SEV-SNP VM to this kernel.",
            kSameAge},
    Refusal{kStart, kBadFileDescriptor, "QEMU has no /dev/sev open.",
            "Let the user QEMU runs as read and write /dev/sev."},

    Refusal{kUpdate, kInvalid,
            "A page that the VM starts with is in memory that KVM does not hold as private (guest_memfd).",
            kSameAge},
    Refusal{kUpdate, kInputOutput,
            "KVM could not fill a page that the VM starts with, before the firmware was asked: it is in use "
            "already, "
            "or memory is short.",
            "See `dmesg | grep -e SEV -e RMP`; an IGVM file must not fill a page twice; free memory of the "
            "host."},
    Refusal{kUpdate, kFault, "KVM could not read a page that the VM starts with.", kSameAge},

    Refusal{kFinish, kInvalid,
            "KVM does not take how the launch is ended: parameters of another age, or vCPU state.", kSameAge},
    Refusal{kFinish, kBusy, "KVM was still making vCPUs.", "Try again."},
    Refusal{kFinish, kFault, "The vCPUs' state could not be handed to the SEV firmware.",
            "See `dmesg | grep -e SEV -e RMP`; update the kernel."},

    Refusal{"", kNoMemory, "The kernel has not enough memory for the VM.",
            "Give the VM less memory, or stop others."},
    Refusal{"", kNoDevice, "KVM finds no SEV firmware.",
            "Load the driver ccp and kvm_amd with sev_snp=1; enable the AMD secure processor in the firmware "
            "setup."},
    Refusal{"", kBusy, "The SEV firmware or KVM is busy.", "Try again; see `dmesg | grep -e ccp -e SEV`."},
};

std::optional<int> result(std::string_view line)
{
    constexpr std::string_view kKey = "ret=";
    const std::size_t at = line.find(kKey);
    if (at == std::string_view::npos)
        return std::nullopt;
    const std::string_view rest = line.substr(at + kKey.size());
    int number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

} // namespace

void tellRefusedCall(std::string_view line, sdk::Findings out)
{
    constexpr std::uint32_t kConfidence = 88;
    const auto number = result(line);
    if (!number || !kit::hasWords(line, "fw_error="))
        return;
    for (const Refusal& refusal : kRefusals)
        if (refusal.number == *number && kit::hasWords(line, refusal.call))
            return out.add(kConfidence, refusal.cause, refusal.remedy, line);
}

} // namespace teehost::sev_snp
