// SPDX-License-Identifier: Apache-2.0
#include "launchable.h"

#include <array>
#include <string>

#include <teehost/kit/reader.h>

#include "kvm_tee.h"

namespace teehost::sev_snp {
namespace {

using kit::refuseLaunch;

void expectQemu(const sdk::Vm& vm, const LaunchPrediction& prediction)
{
    kit::expectKvmAndQemu(kSnp, vm);
    const auto version = kit::QemuVersion::of(vm.qemuVersion());
    if (version && *version < kFirstWithIgvm && prediction.image.kind == BootKind::Igvm)
        refuseLaunch("QEMU " + std::string(vm.qemuVersion()) + " (" + std::string(vm.qemuBinary()) +
                         ") does not boot IGVM files",
                     "set qemu.bin_path to a QEMU 10.1 or later that is built with libigvm, or empty "
                     "sev-snp.igvm_file to boot ovmf.code.file",
                     "qemu.bin_path");
}

void expectMachine(const sdk::Vm& vm)
{
    struct Rule {
        std::string_view property;
        std::string_view why;
    };
    static constexpr std::array kRules{
        Rule{"smm=on", "SEV-SNP does not support system management mode"},
        Rule{"kernel-irqchip=off", "SEV-SNP needs KVM's interrupt controller"},
    };
    for (const Rule& rule : kRules)
        if (vm.machine().find(rule.property) != std::string_view::npos)
            refuseLaunch("qemu.machine has " + std::string(rule.property) + ": " + std::string(rule.why),
                         "take " + std::string(rule.property) + " out of qemu.machine", "qemu.machine");
}

/// AMD 56860, section 4.3, table "Guest policy": bit 17 must be one, bits from 26 on must be zero.
void expectPolicy(std::uint64_t policy)
{
    constexpr std::uint64_t kMustBeOne = 1u << 17;
    constexpr unsigned kFirstReserved = 26;
    if ((policy & kMustBeOne) == 0 || policy >> kFirstReserved != 0)
        refuseLaunch("the guest policy " + kit::hexNumber(policy) +
                         " is malformed: bit 17 must be one, and bits 26 to 63 zero",
                     "set sev-snp.policy to 0x30000, or to that with more bits set", "sev-snp.policy");
}

void expectCbitPosition(const Configuration& configuration, const HostFacts& host)
{
    // On a CPU without SEV-SNP it means nothing; that is for probe to say.
    const auto actual = host.cpuHasSnp() ? host.cbitPosition() : std::nullopt;
    if (configuration.cbitpos && actual && *configuration.cbitpos != *actual)
        refuseLaunch("sev-snp.cbitpos is " + std::to_string(*configuration.cbitpos) +
                         ", the host's CPU has " + std::to_string(*actual),
                     "set sev-snp.cbitpos to auto", "sev-snp.cbitpos");
}

void expectOvmf(const Configuration& configuration, const sdk::Vm& vm, const LaunchPrediction& prediction)
{
    constexpr std::size_t kBiosGranule = 64 * 1024; // QEMU, hw/i386/x86-common.c, x86_bios_rom_init
    if (prediction.imageBytes % kBiosGranule != 0)
        refuseLaunch("the firmware \"" + prediction.image.path + "\" has " +
                         std::to_string(prediction.imageBytes) +
                         " bytes, not a multiple of 64 KiB: QEMU does not take it with -bios",
                     "set ovmf.code.file to a whole OVMF image", "ovmf.code.file");
    if (!vm.kernel().empty() && !configuration.kernelHashes && !configuration.allowUnmeasuredKernel)
        refuseLaunch("the kernel \"" + std::string(vm.kernel()) +
                         "\" would boot without being measured: sev-snp.kernel_hashes is off",
                     "set sev-snp.kernel_hashes=true; or sev-snp.allow_unmeasured_kernel=true, for VMs whose "
                     "reports need not say what they run",
                     "sev-snp.kernel_hashes");
    if (configuration.vmsaProfile == VmsaProfile::Ec2 || configuration.vmsaProfile == VmsaProfile::Gce)
        refuseLaunch("sev-snp.vmsa_profile is that of a cloud: no VM launched here has such a launch digest",
                     "set sev-snp.vmsa_profile to qemu, or qemu-legacy on kernels before Linux 6.10",
                     "sev-snp.vmsa_profile");
}

void expectIgvm(const Configuration& configuration, const LaunchPrediction& prediction)
{
    if (configuration.debugSwap || configuration.secureTsc)
        refuseLaunch(
            "sev-snp.debug_swap and sev-snp.secure_tsc do not reach a VM that boots the IGVM file \"" +
                prediction.image.path + "\": the vCPU state in the file has its own SEV_FEATURES",
            "switch both off, and build the file with the features it should have",
            configuration.debugSwap ? "sev-snp.debug_swap" : "sev-snp.secure_tsc");
}

} // namespace

void expectLaunchable(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm,
                      const LaunchPrediction& prediction)
{
    expectQemu(vm, prediction);
    expectMachine(vm);
    expectPolicy(prediction.policy);
    expectCbitPosition(configuration, host);
    if (prediction.image.kind == BootKind::Igvm)
        expectIgvm(configuration, prediction);
    else
        expectOvmf(configuration, vm, prediction);
}

} // namespace teehost::sev_snp
