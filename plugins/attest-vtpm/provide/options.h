// SPDX-License-Identifier: Apache-2.0
//
// What an operator can set for the plugin. docs/configuration.md is made of it.
#pragma once

#include <array>

#include <teehost/plugin.hpp>

namespace teehost::vtpm {

inline constexpr std::array kVtpmOptions{
    sdk::Option{
        .key = "provider",
        .type = TH_T_ENUM,
        .help =
            "TPM of VMs that are not confidential: swtpm, a process of the host beside each VM, which proves "
            "nothing about the host; or none. A confidential VM has the one of the SVSM in its IGVM file, or "
            "none.",
        .defaultText = "swtpm",
        .choices = {"swtpm", "none"}},
    sdk::Option{.key = "ca_dir",
                .type = TH_T_PATH,
                .help = "Directory of the certificate authority that certifies the endorsement keys of this "
                        "host's software TPMs; "
                        "of the user QEMU runs as, mode 0700. The first VM makes the authority.",
                .defaultText = "/var/lib/teehost-vtpm-ca"},
    sdk::Option{.key = "banks",
                .help = "PCR banks of software TPMs, separated by commas: sha1, sha256, sha384, sha512. The "
                        "firmware extends all of "
                        "them.",
                .defaultText = "sha256,sha384"},
    sdk::Option{.key = "pcr_values",
                .type = TH_T_PATH,
                .help = "JSON file of expected PCRs, {\"pcr_values\": {\"sha256\": {\"0\": \"hex\"}}}; they "
                        "count in place of predicted ones.",
                .env = {"MANAGER_PCR_VALUES"}},
    sdk::Option{
        .key = "calibration",
        .type = TH_T_PATH,
        .help = "JSON file of what firmwares measured when they were booted, for those whose PCR 0 cannot be "
                "computed; docs/attestation.md has its form."},
    sdk::Option{.key = "device",
                .type = TH_T_ENUM,
                .help = "QEMU's device through which the guest reaches the TPM.",
                .defaultText = "tpm-crb",
                .choices = {"tpm-crb", "tpm-tis"}},
};

inline constexpr std::array kVtpmProbeChecks{
    sdk::Check{.id = "swtpm.programs", .title = "Programs of swtpm", .flags = TH_CHECK_REQUIRED},
    sdk::Check{
        .id = "swtpm.ca_dir", .title = "Directory of the certificate authority", .flags = TH_CHECK_REQUIRED},
};

} // namespace teehost::vtpm
