// SPDX-License-Identifier: Apache-2.0
//
// Numbers of the SEV firmware: AMD 56860, table "Status codes"; their names are in Linux's psp-sev.h.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "symptoms/symptoms.h"

namespace teehost::sev_snp {
namespace {

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
    FirmwareError{
        3, "The SEV firmware finds the platform's configuration invalid.",
        "Check the firmware setup: boot by UEFI, SMEE, SEV-SNP memory coverage of all memory, IOMMU; "
        "else update the BIOS."},
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
    FirmwareError{27, "The metadata of a page do not fit the page.",
                  "Update the kernel: this is a bug of KVM."},
    FirmwareError{28, "A page of the guest belongs to somebody else in the reverse map table.",
                  "Update the kernel: this is a bug of KVM."},
    FirmwareError{29, "The guest has used its keys up.", "Launch the VM anew."},
    FirmwareError{32, "The reverse map table is not set up.",
                  "In the firmware setup, enable SEV-SNP memory coverage; load kvm_amd with sev_snp=1."},
    FirmwareError{33, "The firmware's security version is too old for what is asked.",
                  "Update linux-firmware and the BIOS."},
    FirmwareError{34, "The firmware's version is too old for what is asked.",
                  "Update linux-firmware and the BIOS."},
    FirmwareError{35, "The SEV firmware must be shut down first.",
                  "End all VMs with SEV and load kvm_amd and ccp anew, or restart the host."},
    FirmwareError{37, "The SEV firmware was updated and must be restored.", "Restart the host."},
    FirmwareError{38, "The SEV firmware could not set up the reverse map table.",
                  "In the firmware setup, enable SEV-SNP memory coverage; restart the host."},
};

std::optional<int> leadingNumber(std::string_view text)
{
    if (text.starts_with('\''))
        text.remove_prefix(1);
    const bool hexadecimal = text.starts_with("0x");
    if (hexadecimal)
        text.remove_prefix(2);
    int number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, hexadecimal ? 16 : 10);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

std::optional<int> numberAfter(std::string_view line, std::string_view key)
{
    const std::size_t at = line.find(key);
    return at == std::string_view::npos ? std::nullopt : leadingNumber(line.substr(at + key.size()));
}

/// The number in a line of QEMU, "fw_error=11 'Bad measurement'" or "fw_error='1: Platform state is
/// invalid'", or of the kernel's drivers: "SEV-SNP: SNP_INIT_EX failed rc -5, error 0x3" (7.1), "SEV-SNP:
/// failed to INIT rc -5, error 0x3" (6.12), "SEV: INIT failed 0x1, rc -5", "SEV: failed to INIT error 0x13",
/// "Failed to create SEV-SNP context, rc -5 fw_error 32".
std::optional<int> firmwareNumber(std::string_view line)
{
    for (const std::string_view key : {"fw_error=", "fw_error ", "fw_err="})
        if (const auto number = numberAfter(line, key))
            return number;
    if (!kit::hasWords(line, "SEV*failed") && !kit::hasWords(line, "SNP*failed"))
        return std::nullopt;
    for (const std::string_view key : {"error ", "error = "})
        if (const auto number = numberAfter(line, key))
            return number;
    return kit::hasWords(line, "INIT*failed 0x") ? numberAfter(line, "failed ") : std::nullopt;
}

/// The legacy INIT fails with this number after SNP_INIT has failed, whose own line says why.
bool onlyFollows(int number, std::string_view line)
{
    return number == 1 && kit::hasWords(line, "SEV: *INIT");
}

} // namespace

bool tellFirmwareError(std::string_view line, sdk::Findings out)
{
    constexpr std::uint32_t kKnown = 90, kUnknown = 45;
    const auto number = firmwareNumber(line);
    if (!number || *number <= 0) // 0 and -1: the firmware did not refuse
        return false;
    const auto known = std::find_if(kFirmwareErrors.begin(), kFirmwareErrors.end(),
                                    [&](const FirmwareError& e) { return e.number == *number; });
    if (known != kFirmwareErrors.end())
        out.add(onlyFollows(*number, line) ? kUnknown : kKnown, known->cause, known->remedy, line);
    else
        out.add(
            kUnknown, "The SEV firmware refuses with error " + std::to_string(*number) + ".",
            "Look the number up in AMD's SEV-SNP firmware ABI (56860), table \"Status codes\"; see dmesg.",
            line);
    return true;
}

} // namespace teehost::sev_snp
