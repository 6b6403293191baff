// SPDX-License-Identifier: Apache-2.0
#include "operator_error.h"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>

#include "input_error.h"

namespace teehost::sev_snp {
namespace {

struct Remedy {
    std::string_view reason; ///< of an InputError, or the beginning of it
    std::string_view hint;
};

constexpr std::array kRemedies{
    Remedy{"bad_firmware_size",
           "set ovmf.code.file to one flat OVMF image, not to half of a CODE and VARS pair"},
    Remedy{"no_ovmf_table", "set ovmf.code.file to an OVMF image for x86-64"},
    Remedy{"bad_sev_metadata", "set ovmf.code.file to an OVMF built for SEV-SNP (Debian: "
                               "/usr/share/ovmf/OVMF.fd; edk2: OvmfPkg/AmdSev), not to an OVMF_CODE file"},
    Remedy{"unknown_section_type", "update teehost, or use a firmware it knows"},
    Remedy{"no_kernel_hashes_section", "set ovmf.code.file to an OVMF that takes kernel hashes (edk2: "
                                       "OvmfPkg/AmdSev), or boot from a disk or an IGVM file"},
    Remedy{"no_reset_block", "set ovmf.code.file to an OVMF built for SEV-ES, or give the VM one vCPU"},
    Remedy{"unknown_cpu_model",
           "set sev-snp.cpu_signature to CPUID(1).EAX of the model, or qemu.cpu to one that is known: EPYC, "
           "EPYC-Rome, EPYC-Milan, EPYC-Genoa, EPYC-Turin"},
    Remedy{"igvm_platform", "set sev-snp.igvm_file to a file built for SEV-SNP"},
    Remedy{"igvm_idblock_mismatch", "sign the IGVM file anew after every change of it"},
    Remedy{"igvm_", "build the IGVM file anew; it is damaged or of a kind that is not known"},
    Remedy{"kvm_", "build the IGVM file for QEMU and KVM (igvmbuilder: qemu as the hypervisor)"},
    Remedy{"id_block_form", "sev-snp.id_block is 96 bytes, or their base64"},
    Remedy{"id_auth_form", "sev-snp.id_auth is 4096 bytes, or their base64"},
    Remedy{"id_key_curve", "use keys on the curve P-384: openssl ecparam -name secp384r1 -genkey -noout"},
    Remedy{"id_key_file", "give the daemon's user, or root, a PEM key with mode 0600 and no passphrase"},
    Remedy{"id_block_signature", "make id_block and id_auth together, of the same block and key"},
    Remedy{"id_key_signature", "make id_auth anew: its author key did not sign its ID key"},
};

std::string_view hintFor(std::string_view reason)
{
    const auto it = std::find_if(kRemedies.begin(), kRemedies.end(),
                                 [&](const Remedy& r) { return reason.starts_with(r.reason); });
    return it == kRemedies.end() ? std::string_view() : it->hint;
}

std::string qualified(std::string_view option)
{
    return option.find('.') == std::string_view::npos ? "sev-snp." + std::string(option)
                                                      : std::string(option);
}

} // namespace

sdk::Error operatorError(const std::exception& why, std::string_view option)
{
    const std::string field = qualified(option);
    if (const auto* input = dynamic_cast<const InputError*>(&why))
        return {TH_FAILED_PRECONDITION, field + ": " + input->what(), std::string(hintFor(input->reason())),
                field};
    return {TH_FAILED_PRECONDITION, field + ": " + why.what(),
            "set " + field + " to a file that the daemon can read", field};
}

} // namespace teehost::sev_snp
