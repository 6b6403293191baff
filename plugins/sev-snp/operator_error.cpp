// SPDX-License-Identifier: Apache-2.0
#include "operator_error.h"

#include <array>

namespace teehost::sev_snp {
namespace {

constexpr std::array kRemedies{
    kit::Remedy{"bad_firmware_size",
                "set ovmf.code.file to one flat OVMF image, not to half of a CODE and VARS pair"},
    kit::Remedy{"no_ovmf_table", "set ovmf.code.file to an OVMF image for x86-64"},
    kit::Remedy{"bad_sev_metadata",
                "set ovmf.code.file to an OVMF built for SEV-SNP (Debian: "
                "/usr/share/ovmf/OVMF.fd; edk2: OvmfPkg/AmdSev); Debian 12's OVMF_CODE_4M.fd is not"},
    kit::Remedy{"unknown_section_type", "update teehost, or use a firmware it knows"},
    kit::Remedy{"no_kernel_hashes_section", "set ovmf.code.file to an OVMF that takes kernel hashes (edk2: "
                                            "OvmfPkg/AmdSev), or boot from a disk or an IGVM file"},
    kit::Remedy{"no_reset_block", "set ovmf.code.file to an OVMF built for SEV-ES, or give the VM one vCPU"},
    kit::Remedy{
        "unknown_cpu_model",
        "set sev-snp.cpu_signature to CPUID(1).EAX of the model, or qemu.cpu to one that is known: EPYC, "
        "EPYC-Rome, EPYC-Milan, EPYC-Genoa, EPYC-Turin"},
    kit::Remedy{"igvm_platform", "set sev-snp.igvm_file to a file built for SEV-SNP"},
    kit::Remedy{"igvm_idblock_mismatch", "sign the IGVM file anew after every change of it"},
    kit::Remedy{"igvm_", "build the IGVM file anew; it is damaged or of a kind that is not known"},
    kit::Remedy{"kvm_", "build the IGVM file for QEMU and KVM (igvmbuilder: qemu as the hypervisor)"},
    kit::Remedy{"id_block_form", "sev-snp.id_block is 96 bytes, or their base64"},
    kit::Remedy{"id_auth_form", "sev-snp.id_auth is 4096 bytes, or their base64"},
    kit::Remedy{"id_key_curve",
                "use keys on the curve P-384: openssl ecparam -name secp384r1 -genkey -noout"},
    kit::Remedy{"id_key_file", "give the daemon's user, or root, a PEM key with mode 0600 and no passphrase"},
    kit::Remedy{"id_block_signature", "make id_block and id_auth together, of the same block and key"},
    kit::Remedy{"id_key_signature", "make id_auth anew: its author key did not sign its ID key"},
};

} // namespace

const kit::OperatorErrors& operatorErrors() noexcept
{
    static constexpr kit::OperatorErrors kErrors{"sev-snp", kRemedies};
    return kErrors;
}

} // namespace teehost::sev_snp
