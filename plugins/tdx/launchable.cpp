// SPDX-License-Identifier: Apache-2.0
//
// The refusals are those of QEMU 10.1: target/i386/kvm/tdx.c, target/i386/cpu.c, hw/i386/tdvf.c,
// hw/i386/x86-common.c.
#include "tdx/launchable.h"

#include <algorithm>
#include <array>
#include <vector>

#include <teehost/kit/file.h>
#include <teehost/kit/qemu_command_line.h>

#include "tdx/kvm_tee.h"
#include "tdx/measure/tdvf_image.h"
#include "tdx/operator_error.h"

namespace teehost::tdx {
namespace {

using kit::refuseLaunch;

void expectMachine(const sdk::Vm& vm)
{
    struct Rule {
        std::string_view key;
        std::string_view allowed; ///< values, each with a space behind it
        std::string_view why;
    };
    static constexpr std::array kRules{
        Rule{"smm", "off auto ", "TDX does not support system management mode"},
        Rule{"pic", "off auto ", "TDX does not support the old interrupt controller"},
        Rule{"kernel-irqchip", "split ", "TDX needs a split interrupt controller"},
        Rule{"kernel_irqchip", "split ", "TDX needs a split interrupt controller"},
        Rule{"confidential-guest-support", "", "the plugin sets it itself"},
    };
    const kit::QemuOptions machine = kit::parseQemuOptions(vm.machine());
    if (kit::valueOf(machine, "type", kit::valueOf(machine, "")).find("q35") == std::string::npos)
        refuseLaunch("qemu.machine is " + std::string(vm.machine()) + ": TDX VMs need a q35 machine",
                     "set qemu.machine to q35", "qemu.machine");
    for (const Rule& rule : kRules) {
        const std::string value = kit::valueOf(machine, rule.key);
        const std::string property = std::string(rule.key) + "=" + value;
        if (!value.empty() && rule.allowed.find(value + " ") == std::string_view::npos)
            refuseLaunch("qemu.machine has " + property + ": " + std::string(rule.why),
                         "take " + property + " out of qemu.machine", "qemu.machine");
    }
}

void expectTscFrequency(std::string_view text)
{
    constexpr std::uint64_t kStep = 25'000'000, kLeast = 100'000'000, kMost = 10'000'000'000;
    const auto hertz = kit::numberOf<std::uint64_t>(text);
    if (!hertz || *hertz % kStep != 0 || *hertz < kLeast || *hertz > kMost)
        refuseLaunch("qemu.cpu has tsc-frequency=" + std::string(text) +
                         ": TDX takes multiples of 25 MHz from 100 MHz to 10 GHz, in Hz",
                     "change or take out tsc-frequency", "qemu.cpu");
}

void expectCpu(std::string_view cpu)
{
    if (isUnsetCpu(cpu))
        return;
    const kit::QemuOptions options = kit::parseQemuOptions(cpu);
    if (kit::valueOf(options, "") != "host")
        refuseLaunch("qemu.cpu is " + std::string(cpu) + ": TDX takes no named CPU model",
                     "set qemu.cpu to host, with features added or taken away: host,-avx10", "qemu.cpu");
    for (const std::string_view key : {"phys-bits", "host-phys-bits", "host-phys-bits-limit"})
        if (options.contains(key))
            refuseLaunch("qemu.cpu has " + std::string(key) +
                             ": a TD has as many physical address bits as its host",
                         "take " + std::string(key) + " out of qemu.cpu", "qemu.cpu");
    if (options.contains("tsc-frequency"))
        expectTscFrequency(kit::valueOf(options, "tsc-frequency"));
}

void expectFirmware(const Configuration& configuration)
{
    constexpr std::size_t kBiosGranule = 64 * 1024; // hw/i386/x86-common.c, x86_bios_rom_init
    readingOption("firmware", [&] {
        const kit::Bytes bytes = kit::readFile(configuration.firmware, "firmware", kMaxTdvfBytes);
        if (const auto why = TdvfImage::parse(bytes).qemuRefuses)
            refuseLaunch("tdx.firmware: QEMU does not boot \"" + configuration.firmware + "\": " + *why,
                         "set tdx.firmware to an OVMF built for QEMU", "tdx.firmware");
        if (bytes.size() % kBiosGranule != 0)
            refuseLaunch("the firmware \"" + configuration.firmware + "\" has " +
                             std::to_string(bytes.size()) +
                             " bytes, not a multiple of 64 KiB: QEMU does not take it with -bios",
                         "set tdx.firmware to a whole OVMF image", "tdx.firmware");
    });
}

} // namespace

bool isUnsetCpu(std::string_view cpu) noexcept { return cpu.empty() || cpu == "EPYC"; }

void expectLaunchable(const Configuration& configuration, const sdk::Vm& vm)
{
    kit::expectKvmAndQemu(kTdx, vm);
    expectMachine(vm);
    expectCpu(vm.cpu());
    expectFirmware(configuration);
}

} // namespace teehost::tdx
