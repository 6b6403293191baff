// SPDX-License-Identifier: Apache-2.0
//
// The checks that probe can report; those of verify are in quote/checks.h.
#pragma once

#include <array>

#include <teehost/plugin.hpp>

namespace teehost::tdx {

inline constexpr std::array kTdxProbeChecks{
    sdk::Check{.id = "cpu.tdx", .title = "CPU and kernel host TDX", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "kernel.kvm_intel", .title = "kvm_intel has TDX enabled", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "device.kvm", .title = "KVM device", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "kernel.kvm_vm_type", .title = "KVM makes TDX VMs", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "tdx.module", .title = "TDX module answers", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "tdx.keys", .title = "Key ids for TDs", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "qemu.tdx_guest", .title = "QEMU knows tdx-guest", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "boot.firmware", .title = "Firmware is a TDVF", .flags = TH_CHECK_REQUIRED},
    sdk::Check{.id = "tdx.quotes", .title = "Quote generation service"},
    sdk::Check{.id = "tdx.nested", .title = "Not inside a TD itself"},
};

} // namespace teehost::tdx
