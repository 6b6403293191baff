// SPDX-License-Identifier: Apache-2.0
//
// What an operator can set for the plugin: keys, environment names, defaults. docs/configuration.md is made
// of it.
#pragma once

#include <array>

#include <teehost/plugin.hpp>

namespace teehost::sev_snp {

inline constexpr std::array kSevSnpOptions{
    // The sev-snp-guest object.
    sdk::Option{.key = "id",
                .help = "Id of the sev-snp-guest object on QEMU's command line.",
                .defaultText = "sev0",
                .env = {"MANAGER_QEMU_SEV_SNP_ID"}},
    sdk::Option{.key = "cbitpos",
                .type = TH_T_UINT,
                .help = "Position of the C-bit in a page table entry; auto reads it from the host's CPUID.",
                .defaultText = "51",
                .env = {"MANAGER_QEMU_SEV_SNP_CBITPOS", "MANAGER_QEMU_SEV_SNP_CBIT_POS"},
                .range = sdk::Range{1, 63},
                .flags = TH_OPT_AUTO},
    sdk::Option{
        .key = "reduced_phys_bits",
        .type = TH_T_UINT,
        .help =
            "Physical address bits that memory encryption takes away; auto reads them from the host's CPUID.",
        .defaultText = "1",
        .env = {"MANAGER_QEMU_SEV_SNP_REDUCED_PHYS_BITS"},
        .range = sdk::Range{1, 63},
        .flags = TH_OPT_AUTO},
    sdk::Option{.key = "policy",
                .help = "Guest policy, a number, 0x for hexadecimal (AMD 56860, section 4.3). An IGVM file "
                        "brings its own, with "
                        "which this must agree when it is set; empty means 0x30000: SMT allowed, debugging "
                        "and migration not.",
                .defaultText = ""},
    sdk::Option{.key = "vcek_disabled",
                .type = TH_T_BOOL,
                .help = "The guest may ask for reports signed by the provider's VLEK only.",
                .defaultText = "false"},
    sdk::Option{.key = "debug_swap",
                .type = TH_T_BOOL,
                .help = "Protects the guest's debug registers (SEV_FEATURES bit 5). Needs a QEMU that knows "
                        "the property; "
                        "changes the launch digest.",
                .defaultText = "false"},
    sdk::Option{.key = "secure_tsc",
                .type = TH_T_BOOL,
                .help = "Gives the guest a time stamp counter that the host cannot change (SEV_FEATURES bit "
                        "9). Needs a QEMU "
                        "that knows the property; changes the launch digest.",
                .defaultText = "false"},
    sdk::Option{.key = "tsc_frequency",
                .type = TH_T_UINT,
                .help = "Frequency of the secure TSC in Hz; 0 is the host's.",
                .defaultText = "0",
                .range = sdk::Range{0, 4'294'967'295}},

    // Host data.
    sdk::Option{
        .key = "enable_host_data",
        .type = TH_T_BOOL,
        .help =
            "Puts host_data into the reports of every VM whose request brings no binding data of its own.",
        .defaultText = "false",
        .env = {"MANAGER_QEMU_ENABLE_HOST_DATA"}},
    sdk::Option{.key = "host_data",
                .help = "32 bytes in base64, with enable_host_data.",
                .defaultText = "",
                .env = {"MANAGER_QEMU_HOST_DATA"}},
    sdk::Option{.key = "bind_configuration",
                .type = TH_T_BOOL,
                .help = "Puts the digest of what a VM was configured with (kernel, initrd, command line, "
                        "environment without "
                        "secrets) into its reports as host data, unless the two options above or the request "
                        "say otherwise.",
                .defaultText = "true"},

    // What it boots.
    sdk::Option{.key = "igvm_id",
                .help = "Id of the igvm-cfg object on QEMU's command line.",
                .defaultText = "igvm0",
                .env = {"MANAGER_QEMU_IGVM_ID"}},
    sdk::Option{
        .key = "igvm_file",
        .type = TH_T_PATH,
        .help =
            "IGVM file to boot. Without the file at the default place, or when it is empty, the firmware of "
            "ovmf.code.file boots; a file that is set to another place must exist.",
        .defaultText = "/root/coconut-qemu.igvm",
        .env = {"MANAGER_QEMU_IGVM_FILE"}},
    sdk::Option{.key = "native_zero_pages",
                .type = TH_T_BOOL,
                .help = "Pages of an IGVM file without data are measured as the SEV firmware's own zero "
                        "pages. QEMU and KVM do "
                        "not do so.",
                .defaultText = "false"},
    sdk::Option{.key = "kernel_hashes",
                .type = TH_T_BOOL,
                .help = "Measures kernel, initrd and command line when OVMF boots a kernel directly.",
                .defaultText = "true"},
    sdk::Option{.key = "allow_unmeasured_kernel",
                .type = TH_T_BOOL,
                .help = "Lets OVMF boot a kernel that is not measured, with kernel_hashes=false. Reports "
                        "then say nothing about "
                        "what runs.",
                .defaultText = "false"},

    // Who vouches for it.
    sdk::Option{.key = "id_block",
                .type = TH_T_PATH,
                .help = "File with an ID block, 96 bytes or base64.",
                .defaultText = ""},
    sdk::Option{.key = "id_auth",
                .type = TH_T_PATH,
                .help = "File with the ID authentication information of id_block, 4096 bytes or base64.",
                .defaultText = ""},
    sdk::Option{.key = "id_key",
                .type = TH_T_PATH,
                .help = "Private EC key on P-384 (PEM, readable by the daemon's user only) that signs an ID "
                        "block for each VM.",
                .defaultText = ""},
    sdk::Option{.key = "author_key",
                .type = TH_T_PATH,
                .help =
                    "Private EC key on P-384 (PEM, readable by the daemon's user only) that signs id_key.",
                .defaultText = ""},
    sdk::Option{.key = "family_id",
                .type = TH_T_BYTES,
                .help = "16 bytes in hexadecimal, for the ID block made with id_key.",
                .defaultText = "00000000000000000000000000000000"},
    sdk::Option{.key = "image_id",
                .type = TH_T_BYTES,
                .help = "16 bytes in hexadecimal, for the ID block made with id_key.",
                .defaultText = "00000000000000000000000000000000"},
    sdk::Option{.key = "guest_svn",
                .type = TH_T_UINT,
                .help = "Security version of the guest, for the ID block made with id_key.",
                .defaultText = "0",
                .range = sdk::Range{0, 4'294'967'295}},

    // How the launch digest is computed.
    sdk::Option{
        .key = "vmsa_profile",
        .type = TH_T_ENUM,
        .help = "Whose vCPU state is measured: qemu (Linux 6.10 and later), qemu-legacy (before), ec2, gce.",
        .defaultText = "qemu",
        .choices = {"qemu", "qemu-legacy", "ec2", "gce"}},
    sdk::Option{.key = "cpu_signature",
                .help = "CPUID(1).EAX of the virtual CPU, 0x for hexadecimal: for a CPU model that is not "
                        "known here. auto: by "
                        "the model, or, for the model host, from the host's CPUID.",
                .defaultText = "auto"},

    // Verification.
    sdk::Option{.key = "kds_url",
                .help = "Where certificates and CRLs of AMD's key distribution service are fetched, https. "
                        "Its host must be in "
                        "attest.fetch_hosts.",
                .defaultText = "https://kdsintf.amd.com",
                .flags = TH_OPT_RELOADABLE},
    sdk::Option{.key = "crl",
                .type = TH_T_ENUM,
                .help = "Revocation: off, if-present (used when it is given or can be fetched) or required.",
                .defaultText = "if-present",
                .choices = {"off", "if-present", "required"},
                .flags = TH_OPT_RELOADABLE},
};

} // namespace teehost::sev_snp
