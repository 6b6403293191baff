// SPDX-License-Identifier: Apache-2.0
//
// The PCRs that a VM's boot must lead to, as reference values.
#include <algorithm>
#include <array>
#include <string>

#include <teehost/kit/file.h>
#include <teehost/kit/host.h>
#include <teehost/kit/input_error.h>

#include "attest_vtpm.h"
#include "evidence/evidence.h"
#include "predict/qemu_shape.h"

namespace teehost::vtpm {
namespace {

/// What firmware and kernel extend before the guest's own programs run. The others are the guest's, and 16
/// and 23 it can reset.
constexpr std::array<std::uint32_t, 9> kPredicted{0, 1, 2, 3, 4, 5, 6, 7, 9};

std::vector<HashAlgorithm> banksOf(std::string_view names)
{
    std::vector<HashAlgorithm> banks;
    while (!names.empty()) {
        const std::string_view name = names.substr(0, names.find(','));
        const auto bank = bankNamed(name);
        if (!bank)
            throw sdk::Error(TH_INVALID_ARGUMENT, "there is no PCR bank \"" + std::string(name) + "\"",
                             "name some of sha1, sha256, sha384, sha512", "attest-vtpm.banks");
        banks.push_back(*bank);
        names.remove_prefix(std::min(names.size(), name.size() + 1));
    }
    return banks;
}

/// The CPU of the host that launches the VM: this machine for a VM with an id. Who asks about no particular
/// VM may be anywhere, and names the CPU: "host,vendor=GenuineIntel,phys-bits=46,pdpe1gb=on" if need be.
HostCpu hostCpuOf(const sdk::Vm& vm)
{
    return vm.vmId().empty() ? HostCpu::ofModel(vm.cpu())
                             : HostCpu::of(kit::contentsOf("/proc/cpuinfo").value_or(""));
}

/// Tells the assumptions about a host that is not this machine; empty when there are none.
std::string assumedOf(const sdk::Vm& vm)
{
    if (!vm.vmId().empty() || vm.accel() != "kvm" || vm.cpu().find("vendor=") != std::string_view::npos ||
        !HostCpu::ofModel(vm.cpu()).vendor)
        return {};
    return "the host's CPU is of the vendor that the model " + std::string(vm.cpu()) +
           " is named for, which guests under KVM see";
}

BootInputs inputsOf(const sdk::MeasureRequest& request, std::string_view banks)
{
    const sdk::Vm& vm = request.vm;
    BootInputs inputs;
    inputs.firmwareCode = vm.firmwareCode();
    inputs.firmwareVars = vm.firmwareVarsSource();
    inputs.kernel = std::string(vm.kernel());
    inputs.initrd = std::string(vm.initrd());
    inputs.cmdline = vm.cmdline();
    inputs.machine = machineOf(vm, request.qemuArgs, hostCpuOf(vm));
    inputs.qemuVersion = vm.qemuVersion();
    inputs.banks = banksOf(banks);
    return inputs;
}

std::string nameOf(std::uint32_t pcr) { return "PCR" + std::to_string(pcr); }

using Expected = std::vector<PcrValue>;

/// What an operator's file says, as `read` understands it; nothing when the option is not set.
template <class Read>
auto fileOf(sdk::Call call, const std::string& option, Read&& read)
{
    constexpr std::uint64_t kMostBytes = 256u << 10;
    decltype(read(std::string_view())) out{};
    if (!call.has(option))
        return out;
    const std::string path(call.text(option));
    try {
        out = read(kit::textOf(kit::readFile(path, "the file of attest-vtpm." + option, kMostBytes)));
    } catch (const std::runtime_error& e) {
        throw sdk::Error(TH_FAILED_PRECONDITION, path + ": " + e.what(),
                         "mend the file, or take the option out", "attest-vtpm." + option);
    }
    return out;
}

/// In any bank, or in this one.
bool expects(const Expected& expected, std::uint32_t pcr, std::optional<HashAlgorithm> bank = {})
{
    return std::any_of(expected.begin(), expected.end(),
                       [&](const PcrValue& one) { return one.pcr == pcr && (!bank || one.bank == *bank); });
}

bool isTold(const BankPrediction& bank, std::uint32_t pcr)
{
    return std::find(kPredicted.begin(), kPredicted.end(), pcr) != kPredicted.end() &&
           bank.values.at(pcr).has_value();
}

void tellBank(const BankPrediction& bank, const Expected& instead, sdk::Reference out)
{
    const th_alg alg = algOf(bank.bank);
    for (const std::uint32_t pcr : kPredicted)
        if (isTold(bank, pcr) && !expects(instead, pcr, bank.bank))
            out.reg(nameOf(pcr), alg, bank.values.at(pcr)->view());
    for (const PcrEvent& event : bank.events)
        if (isTold(bank, event.pcr) && !expects(instead, event.pcr, bank.bank))
            out.event(nameOf(event.pcr), alg, event.what, event.source, event.digest.view());
}

} // namespace

void AttestVtpm::measure(sdk::Call call, const sdk::MeasureRequest& request, sdk::Reference out)
{
    const Expected expected = fileOf(call, "pcr_values", readExpectedPcrs);
    const Calibration calibration = fileOf(call, "calibration", Calibration::parse);
    for (const PcrValue& one : expected)
        out.reg(nameOf(one.pcr), algOf(one.bank), one.value.view());
    try {
        BootInputs inputs = inputsOf(request, swtpm_.banks);
        inputs.calibration = &calibration;
        const PcrPrediction prediction = predictPcrs(inputs, *firmware_);
        if (tpmOf(request.vm) == Tpm::Swtpm)
            out.value(reference::kBanks, swtpm_.banks);
        if (!prediction.firmware.empty()) {
            out.value(reference::kFirmware, prediction.firmware);
            out.value(reference::kMachine, toText(inputs.machine.shape));
        }
        if (const std::string assumed = assumedOf(request.vm); !assumed.empty())
            out.value(reference::kAssumedCpu, assumed);
        for (const BankPrediction& bank : prediction.banks)
            tellBank(bank, expected, out);
        // Said, so that nobody takes a PCR that is left out for one that is as expected.
        for (const auto& [pcr, why] : prediction.unpredictable)
            if (!expects(expected, pcr))
                out.value("vtpm.unpredictable.pcr" + std::to_string(pcr), why);
        if (prediction.kernelNotMeasured)
            out.value("vtpm.kernel_not_measured", *prediction.kernelNotMeasured);
    } catch (const sdk::Error&) {
        throw;
    } catch (const kit::InputError& e) {
        if (!expected.empty()) { // which may be enough to go by
            for (const std::uint32_t pcr : kPredicted)
                if (!expects(expected, pcr))
                    out.value("vtpm.unpredictable.pcr" + std::to_string(pcr), e.what());
            return;
        }
        throw sdk::Error(TH_FAILED_PRECONDITION, e.what(),
                         "the PCRs of this VM cannot be predicted: see docs/attestation.md");
    }
}

} // namespace teehost::vtpm
