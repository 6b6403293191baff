// SPDX-License-Identifier: Apache-2.0
//
// What an operator can set for the plugin: keys, environment names, defaults. docs/configuration.md is made
// of it.
#pragma once

#include <array>

#include <teehost/plugin.hpp>

namespace teehost::tdx {

inline constexpr std::array kTdxOptions{
    // The tdx-guest object.
    sdk::Option{.key = "id",
                .help = "Id of the tdx-guest object on QEMU's command line.",
                .defaultText = "tdx0",
                .env = {"MANAGER_QEMU_TDX_ID"}},
    sdk::Option{.key = "attributes",
                .help = "TD attributes, a number, 0x for hexadecimal: of bits 28 (SEPT_VE_DISABLE), 30 (PKS) "
                        "and 63 (PERFMON), which are all that QEMU takes. Empty leaves them to QEMU and the "
                        "CPU model.",
                .defaultText = ""},
    sdk::Option{.key = "sept_ve_disable",
                .type = TH_T_BOOL,
                .help = "Turns off #VE for pages that are not mapped (bit 28). Linux guests rely on it.",
                .defaultText = "true"},
    sdk::Option{.key = "mr_config_id",
                .type = TH_T_BYTES,
                .help = "MRCONFIGID, 48 bytes in hexadecimal, of every VM whose request brings no binding "
                        "data of its own. Empty: see bind_configuration.",
                .defaultText = ""},
    sdk::Option{.key = "bind_configuration",
                .type = TH_T_BOOL,
                .help = "Puts the digest of what a VM was configured with (kernel, initrd, command line, "
                        "environment without secrets) into its MRCONFIGID, with zeros behind it, unless "
                        "mr_config_id or the request say otherwise.",
                .defaultText = "true"},
    sdk::Option{.key = "mr_owner",
                .type = TH_T_BYTES,
                .help = "MROWNER, 48 bytes in hexadecimal; empty: zeros.",
                .defaultText = ""},
    sdk::Option{.key = "mr_owner_config",
                .type = TH_T_BYTES,
                .help = "MROWNERCONFIG, 48 bytes in hexadecimal; empty: zeros.",
                .defaultText = ""},

    // Quotes.
    sdk::Option{.key = "quote_generation",
                .help = "Where QEMU reaches the quote generation service (QGS): vsock, an absolute path of a "
                        "Unix socket, none (guests get no quotes), or auto: the socket "
                        "/var/run/tdx-qgs/qgs.socket when there is one, else vsock.",
                .defaultText = "auto"},
    sdk::Option{.key = "quote_generation_port",
                .type = TH_T_UINT,
                .help = "Port of the quote generation service on vsock.",
                .defaultText = "4050",
                .env = {"MANAGER_QEMU_QUOTE_GENERATION_PORT"},
                .range = sdk::Range{1, 4'294'967'294}},
    sdk::Option{.key = "quote_generation_cid",
                .type = TH_T_UINT,
                .help = "Context id of the host on vsock: 2, or 1 where the service is reached through "
                        "vsock_loopback.",
                .defaultText = "2",
                .range = sdk::Range{1, 4'294'967'294}},
    sdk::Option{.key = "ask_quote_generation",
                .type = TH_T_BOOL,
                .help = "Lets the probe ask the quote generation service for its platform's facts, not only "
                        "connect to it.",
                .defaultText = "true"},

    // What it boots.
    sdk::Option{.key = "firmware",
                .type = TH_T_PATH,
                .help = "TDVF that VMs boot: one flat OVMF image with TDX metadata.",
                .defaultText = "/usr/share/ovmf/OVMF.fd",
                .env = {"MANAGER_QEMU_OVMF_FILE"}},

    // How reference values are computed.
    sdk::Option{.key = "firmware_profile",
                .help =
                    "What the firmware measures, and where: edk2-2022.11, edk2-2025.02, edk2-2025.08, or "
                    "custom with what differs from the oldest (docs/attestation.md); auto: by the firmware "
                    "file, if it is one that is known.",
                .defaultText = "auto"},
    sdk::Option{.key = "mrtd_order",
                .type = TH_T_ENUM,
                .help = "In which order KVM adds and measures pages: single-pass (Linux 6.16 and later), "
                        "two-pass (kernels of 2023 and 2024 with TDX patches), or any of both.",
                .defaultText = "single-pass",
                .choices = {"single-pass", "two-pass", "any"}},
    sdk::Option{.key = "acpi_tables",
                .type = TH_T_PATH,
                .help = "File with the ACPI tables of the VMs, as QEMU serves them (fw_cfg etc/acpi/tables), "
                        "for RTMR0. Empty: QEMU is asked for those of each VM.",
                .defaultText = ""},

    sdk::Option{.key = "event_log",
                .type = TH_T_PATH,
                .help = "File with the event log (CCEL) of a guest that was launched the same way: `teehost "
                        "measure --eventlog` takes the ACPI tables in RTMR0 from it, unchecked, and tells "
                        "where it leaves what is predicted.",
                .defaultText = ""},

    // Verification.
    sdk::Option{.key = "pcs_url",
                .help = "Where collateral is fetched, https: Intel's provisioning certification service, or "
                        "a PCCS. Its host must be in attest.fetch_hosts.",
                .defaultText = "https://api.trustedservices.intel.com",
                .flags = TH_OPT_RELOADABLE},
    sdk::Option{.key = "crl",
                .type = TH_T_ENUM,
                .help = "Revocation: off, if-present (used when it is given or can be fetched) or required.",
                .defaultText = "required",
                .choices = {"off", "if-present", "required"},
                .flags = TH_OPT_RELOADABLE},
};

} // namespace teehost::tdx
