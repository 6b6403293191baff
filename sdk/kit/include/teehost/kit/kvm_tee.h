// SPDX-License-Identifier: Apache-2.0
//
// What every TEE of KVM wants of QEMU and of KVM, looked at by a probe and demanded before a launch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <teehost/plugin.hpp>

#include "teehost/kit/host.h"
#include "teehost/kit/probe.h"
#include "teehost/kit/qemu_version.h"
#include "teehost/kit/reader.h"

namespace teehost::kit {

struct KvmTee {
    std::string_view name;       ///< "SEV-SNP"
    std::string_view qemuObject; ///< "sev-snp-guest"
    QemuVersion firstQemu;       ///< that knows the object
    std::string_view module;     ///< of the kernel: "kvm_amd"
    std::uint32_t vmType;        ///< its bit in KVM_CAP_VM_TYPES

    [[nodiscard]] std::string doesNotKnow() const { return " does not know " + std::string(qemuObject); }
    [[nodiscard]] std::string newerQemu() const
    {
        return "set qemu.bin_path to a QEMU " + std::to_string(firstQemu.major) + "." +
               std::to_string(firstQemu.minor) + " or later";
    }
};

/// Refuses a VM that cannot be launched, TH_FAILED_PRECONDITION. `field`: the option to change.
[[noreturn]] inline void refuseLaunch(const std::string& message, std::string hint, std::string_view field)
{
    throw sdk::Error(TH_FAILED_PRECONDITION, message, std::move(hint), std::string(field));
}

/// Refuses a VM that would not run under KVM, or in a QEMU known to be too old.
inline void expectKvmAndQemu(const KvmTee& tee, const sdk::Vm& vm)
{
    if (vm.accel() != "kvm")
        refuseLaunch(std::string(tee.name) + " VMs need KVM, and this one would run under " +
                         std::string(vm.accel()),
                     "set qemu.enable_kvm=true, and see what `teehost backends --checks` says of /dev/kvm",
                     "qemu.enable_kvm");
    if (const auto version = QemuVersion::of(vm.qemuVersion()); version && *version < tee.firstQemu)
        refuseLaunch("QEMU " + std::string(vm.qemuVersion()) + " (" + std::string(vm.qemuBinary()) + ")" +
                         tee.doesNotKnow(),
                     tee.newerQemu(), "qemu.bin_path");
}

/// Whether the QEMU of that version ("9.1.2"; empty: not known) knows the TEE.
[[nodiscard]] inline Look lookAtQemu(const KvmTee& tee, std::string_view version)
{
    const auto its = QemuVersion::of(version);
    const std::string qemu = "QEMU " + std::string(version);
    if (!its)
        return looksOdd("the version of QEMU is not known", tee.newerQemu());
    if (*its < tee.firstQemu)
        return looksBad(qemu + tee.doesNotKnow(), tee.newerQemu());
    return looksGood(qemu + " is new enough for " + std::string(tee.name));
}

/// Whether KVM makes VMs of the TEE, as kvmVmTypes() answers; `remedy` when it does not.
[[nodiscard]] inline Look lookAtVmTypes(const KvmTee& tee, const Asked<std::uint32_t>& types,
                                        std::string remedy)
{
    const std::string vms = std::string(tee.name) + " VMs";
    if (!types.value)
        return looksBad(types.why,
                        "load " + std::string(tee.module) + ", and let the daemon's user use /dev/kvm");
    if ((*types.value >> tee.vmType & 1) == 0)
        return looksBad("KVM makes no " + vms + " here (KVM_CAP_VM_TYPES is " + hexNumber(*types.value) + ")",
                        std::move(remedy));
    return looksGood("KVM makes " + vms);
}

} // namespace teehost::kit
