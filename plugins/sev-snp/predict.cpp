// SPDX-License-Identifier: Apache-2.0
#include "predict.h"

#include <filesystem>

#include <teehost/kit/file.h>
#include <teehost/kit/reader.h>

#include "input_error.h"
#include "launch/cpu_model.h"
#include "operator_error.h"

namespace teehost::sev_snp {
namespace {

bool exists(const std::string& path)
{
    std::error_code ignored; // a directory that may not be looked into has nothing for us
    return std::filesystem::exists(path, ignored);
}

/// "EPYC-v4" of "EPYC-v4,+avx512f"; nothing when its features change family, model or stepping.
std::optional<std::string_view> plainModel(std::string_view cpu)
{
    const std::size_t comma = cpu.find(',');
    const std::string_view features = comma == std::string_view::npos ? "" : cpu.substr(comma);
    for (const std::string_view key : {",family=", ",model=", ",stepping="})
        if (features.find(key) != std::string_view::npos)
            return std::nullopt;
    return cpu.substr(0, comma);
}

/// The signature of the model host: that of the machine which launches. Who asks about no particular VM may
/// be anywhere, a verifier's laptop for instance, whose CPU says nothing of the VM's.
std::optional<std::uint32_t> signatureOfHost(const HostFacts& host, const sdk::Vm& vm)
{
    if (vm.vmId().empty())
        throw sdk::Error(
            TH_FAILED_PRECONDITION,
            "the CPU model \"host\" has the CPUID signature of the machine that launches the VM, which "
            "the launch digest depends on and which is not known here",
            "set sev-snp.cpu_signature to EAX of CPUID leaf 1 of that machine, 0xa00f11 for instance, or "
            "name the model that the VM is launched with: EPYC-v4, EPYC-Milan-v2, EPYC-Genoa",
            "sev-snp.cpu_signature");
    return host.cpuSignature();
}

std::uint32_t signatureFor(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm)
{
    if (configuration.cpuSignature)
        return *configuration.cpuSignature;
    std::optional<std::uint32_t> signature;
    if (const auto model = plainModel(vm.cpu()))
        signature = *model == "host" ? signatureOfHost(host, vm) : signatureOfCpu(*model);
    if (!signature)
        throw operatorError(InputError("unknown_cpu_model", "the CPU model \"" + std::string(vm.cpu()) +
                                                                "\" has no known CPUID signature, which the "
                                                                "launch digest depends on"),
                            "cpu_signature");
    return *signature;
}

KernelHashes hashesOf(const sdk::Vm& vm)
{
    KernelHashes hashes;
    hashes.kernel =
        readingOption("qemu.kernel.file", [&] { return kit::sha256OfFile(vm.kernel(), "kernel"); });
    hashes.initrd = readingOption("qemu.kernel.initrd", [&] {
        return vm.initrd().empty() ? kit::sha256({}) : kit::sha256OfFile(vm.initrd(), "initrd");
    });
    hashes.cmdline = hashOfCmdline(vm.cmdline());
    return hashes;
}

void predictOvmf(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm,
                 LaunchPrediction& out)
{
    const auto bytes = kit::readFile(out.image.path, "firmware", kMaxFirmwareBytes);
    const OvmfImage image = OvmfImage::parse(bytes);
    OvmfLaunch launch;
    launch.profile = configuration.vmsaProfile;
    launch.vcpus = vm.vcpus();
    launch.sevFeatures = configuration.sevFeatures();
    out.cpuSignature = launch.cpuSignature = signatureFor(configuration, host, vm);
    if (!vm.kernel().empty() && configuration.kernelHashes)
        out.kernelHashes = launch.hashes = hashesOf(vm);
    out.imageBytes = bytes.size();
    out.launch = measureOvmf(image, launch);
    out.policy = configuration.policy.value_or(kDefaultPolicy);
}

void predictIgvm(const Configuration& configuration, const sdk::Vm& vm, LaunchPrediction& out)
{
    const auto bytes = kit::readFile(out.image.path, "IGVM file", kMaxIgvmBytes);
    IgvmMeasurement measured =
        measureIgvm(IgvmFile::parse(bytes), {.nativeZero = configuration.nativeZeroPages});
    if (measured.policy && configuration.policy && *measured.policy != *configuration.policy)
        throw sdk::Error(TH_FAILED_PRECONDITION,
                         "the IGVM file \"" + out.image.path + "\" brings the guest policy " +
                             kit::hexNumber(*measured.policy) + ", but sev-snp.policy is " +
                             kit::hexNumber(*configuration.policy),
                         "the file's policy is the one that counts: leave sev-snp.policy empty, or set it to "
                         "the same",
                         "sev-snp.policy");
    out.imageBytes = bytes.size();
    out.launch = std::move(measured.launch);
    out.policyFromImage = measured.policy.has_value();
    out.policy = measured.policy ? *measured.policy : configuration.policy.value_or(kDefaultPolicy);
    out.igvmId = std::move(measured.id);
    out.allVcpusKnown = vm.vcpus() == 1;
}

} // namespace

BootImage chooseBootImage(const Configuration& configuration, const sdk::Vm& vm)
{
    if (!vm.igvm().empty())
        return {BootKind::Igvm, std::string(vm.igvm())};
    const std::string& configured = configuration.igvmFile;
    if (!configured.empty() && (configured != kDefaultIgvmFile || exists(configured)))
        return {BootKind::Igvm, configured};
    if (vm.firmwareCode().empty())
        throw sdk::Error(
            TH_FAILED_PRECONDITION, "there is neither an IGVM file nor a firmware for SEV-SNP VMs",
            "set sev-snp.igvm_file, or ovmf.code.file to an OVMF built for SEV-SNP", "sev-snp.igvm_file");
    return {BootKind::Ovmf, std::string(vm.firmwareCode())};
}

LaunchPrediction predictLaunch(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm)
{
    LaunchPrediction out;
    out.image = chooseBootImage(configuration, vm);
    readingOption(out.image.option(), [&] {
        if (out.image.kind == BootKind::Igvm)
            predictIgvm(configuration, vm, out);
        else
            predictOvmf(configuration, host, vm, out);
    });
    return out;
}

} // namespace teehost::sev_snp
