// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

#include <string>

#include <teehost/kit/file.h>
#include <teehost/kit/host.h>
#include <teehost/kit/probe.h>
#include <teehost/kit/reader.h>

#include "kvm_tee.h"
#include "launch/igvm_file.h"
#include "launch/ovmf_image.h"
#include "operator_error.h"
#include "predict.h"
#include "sev_snp.h"

namespace teehost::sev_snp {
namespace {

constexpr unsigned kSnpApiMajor = 1, kSnpApiMinor = 51; // of the first firmware with SEV-SNP

constexpr std::string_view kBiosHint =
    "in the firmware setup, enable SMEE (SME), SEV-SNP memory coverage (RMP table) and IOMMU; the names vary";

using kit::Look;
using kit::looksBad;
using kit::looksGood;
using kit::looksOdd;

class Probe {
public:
    Probe(const Configuration& configuration, const HostFacts& host, const sdk::Vm* vm) noexcept
        : configuration_(configuration), host_(host), vm_(vm)
    {
    }

    Look cpu() const
    {
        const auto signature = host_.cpuSignature();
        const std::string cpu =
            "CPU " + (signature ? kit::hexNumber(*signature) : "unknown") + " (CPUID 1 EAX)";
        if (!host_.cpuHasSnp())
            return looksBad(cpu + " has no SEV-SNP, or the firmware hides it (CPUID 8000001F EAX bit 4)",
                            "use a host with an AMD EPYC 7003 or later; " + std::string(kBiosHint));
        const auto cpuinfo = kit::contentsOf(host_.root + "/proc/cpuinfo");
        if (!cpuinfo || !kit::hasCpuFlag(*cpuinfo, "sev_snp"))
            return looksBad(
                cpu + " has SEV-SNP, but the kernel does not use it: no flag sev_snp in /proc/cpuinfo",
                "use Linux 6.11 or later; " + std::string(kBiosHint) +
                    "; `dmesg | grep -i -e SEV -e RMP` says what is missing");
        return looksGood(cpu + " has SEV-SNP");
    }

    Look cbitPosition() const
    {
        const auto actual = host_.cbitPosition();
        if (!actual)
            return looksBad("the CPU reports no memory encryption (CPUID 8000001F)",
                            "use a host with an AMD EPYC 7003 or later");
        if (configuration_.cbitpos && *configuration_.cbitpos != *actual)
            return looksBad("sev-snp.cbitpos is " + std::to_string(*configuration_.cbitpos) +
                                ", the CPU has its C-bit at " + std::to_string(*actual),
                            "set sev-snp.cbitpos to auto");
        return looksGood("the C-bit is bit " + std::to_string(*actual));
    }

    Look asids() const
    {
        const auto count = host_.snpAsids();
        if (!count)
            return looksBad("the CPU reports no ASIDs for SEV-SNP (CPUID 8000001F)",
                            "use a host with an AMD EPYC 7003 or later");
        if (*count == 0)
            return looksBad("no ASID is set aside for SEV-ES and SEV-SNP guests (CPUID 8000001F EDX)",
                            "in the firmware setup, raise \"Minimum SEV non-ES ASID\" above 1");
        return looksGood(std::to_string(*count) + " guests with SEV-ES or SEV-SNP at a time");
    }

    Look kvmAmd() const
    {
        const std::string path = host_.root + "/sys/module/kvm_amd/parameters/sev_snp";
        const auto value = kit::contentsOf(path);
        if (!value)
            return looksBad("kvm_amd is not loaded, or older than Linux 6.11: cannot read " + path,
                            "load kvm_amd of Linux 6.11 or later");
        if (!value->starts_with("Y") && !value->starts_with("1"))
            return looksBad("kvm_amd has SEV-SNP switched off (" + path + ")",
                            "load kvm_amd with sev=1 sev_es=1 sev_snp=1; " + std::string(kBiosHint));
        return looksGood("kvm_amd has SEV-SNP switched on");
    }

    Look kvmVmType() const
    {
        return kit::lookAtVmTypes(
            kSnp, host_.kvmVmTypes(host_.root + "/dev/kvm"),
            "use Linux 6.11 or later with CONFIG_KVM_AMD_SEV, and load kvm_amd with sev_snp=1");
    }

    Look device(const std::string& name, std::string_view missing_hint) const
    {
        const std::string path = host_.root + "/dev/" + name;
        const auto trouble = kit::deviceTrouble(path);
        if (!trouble)
            return looksGood(path + " can be used");
        switch (trouble->fault) {
        case kit::DeviceFault::Missing:
            return looksBad(trouble->message, std::string(missing_hint));
        case kit::DeviceFault::NotADevice:
            return looksBad(trouble->message, "in a container, pass the host's device in");
        case kit::DeviceFault::NotAllowed:
            break;
        }
        return looksBad(trouble->message,
                        "let the user that QEMU runs as read and write it: a group and a udev rule");
    }

    Look firmware() const
    {
        const auto asked = host_.sevFirmware(host_.root + "/dev/sev");
        if (!asked.value)
            return looksBad(asked.why, "load the driver ccp, and let the daemon's user use /dev/sev");
        const SevFirmware& firmware = *asked.value;
        const std::string version = std::to_string(firmware.apiMajor) + "." +
                                    std::to_string(firmware.apiMinor) + " build " +
                                    std::to_string(firmware.build);
        if (firmware.apiMajor < kSnpApiMajor ||
            (firmware.apiMajor == kSnpApiMajor && firmware.apiMinor < kSnpApiMinor))
            return looksBad("the SEV firmware has API " + version + ", SEV-SNP needs 1.51",
                            "update the platform's BIOS, or linux-firmware's amd/amd_sev_*.sbin");
        if (!firmware.snpInitialized)
            return looksOdd(
                "the SEV firmware has API " + version + " and has SEV-SNP not initialized yet",
                "load kvm_amd with sev_snp=1; `dmesg | grep SEV-SNP` says why it failed, if it did");
        return looksGood("the SEV firmware has API " + version);
    }

    Look qemu() const
    {
        const std::string text(vm_ == nullptr ? "" : vm_->qemuVersion());
        const auto version = kit::QemuVersion::of(text);
        if (vm_ != nullptr && version && *version >= kSnp.firstQemu && *version < kFirstWithIgvm &&
            chooseBootImage(configuration_, *vm_).kind == BootKind::Igvm)
            return looksBad("QEMU " + text + " does not boot IGVM files",
                            "set qemu.bin_path to a QEMU 10.1 or later built with libigvm, or empty "
                            "sev-snp.igvm_file");
        return kit::lookAtQemu(kSnp, text);
    }

    Look bootImage() const
    {
        if (vm_ == nullptr)
            return looksOdd("the settings describe no VM", "set sev-snp.igvm_file or ovmf.code.file");
        const BootImage image = chooseBootImage(configuration_, *vm_);
        return readingOption(image.option(), [&] {
            return image.kind == BootKind::Igvm ? igvmFile(image.path) : ovmf(image.path);
        });
    }

private:
    static Look igvmFile(const std::string& path)
    {
        const auto bytes = kit::readFile(path, "IGVM file", kMaxIgvmBytes);
        static_cast<void>(IgvmFile::parse(bytes).snpMask()); // throws for a file that is not for SEV-SNP
        return looksGood("IGVM file \"" + path + "\" is for SEV-SNP");
    }

    Look ovmf(const std::string& path) const
    {
        const auto bytes = kit::readFile(path, "firmware", kMaxFirmwareBytes);
        const OvmfImage image = OvmfImage::parse(bytes);
        if (!image.hasSevMetadata)
            return looksBad(
                "firmware \"" + path + "\" has no SEV metadata: it is not built for SEV-SNP",
                "set ovmf.code.file to an OVMF built for SEV-SNP (Debian: /usr/share/ovmf/OVMF.fd), "
                "or set sev-snp.igvm_file");
        const bool takesHashes = image.hashTable && image.find(SectionType::KernelHashes) != nullptr;
        if (!vm_->kernel().empty() && configuration_.kernelHashes && !takesHashes)
            return looksBad(
                "firmware \"" + path + "\" takes no kernel hashes, and VMs boot a kernel directly",
                "set ovmf.code.file to an OVMF that takes them (edk2: OvmfPkg/AmdSev), or boot from "
                "a disk or an IGVM file");
        return looksGood("firmware \"" + path + "\" is built for SEV-SNP");
    }

    const Configuration& configuration_;
    const HostFacts& host_;
    const sdk::Vm* vm_;
};

} // namespace

void probeHost(const Configuration& configuration, const HostFacts& host, const sdk::Vm* vm, sdk::Checks out)
{
    const Probe probe(configuration, host, vm);
    kit::tellLook("cpu.sev_snp", out, [&] { return probe.cpu(); });
    kit::tellLook("cpu.cbitpos", out, [&] { return probe.cbitPosition(); });
    kit::tellLook("cpu.asids", out, [&] { return probe.asids(); });
    kit::tellLook("kernel.kvm_amd", out, [&] { return probe.kvmAmd(); });
    kit::tellLook("kernel.kvm_vm_type", out, [&] { return probe.kvmVmType(); });
    kit::tellLook("device.kvm", out, [&] { return probe.device("kvm", "load kvm_amd"); });
    kit::tellLook("device.sev", out, [&] {
        return probe.device("sev", "load the driver ccp, and enable the AMD secure processor in the firmware "
                                   "setup");
    });
    kit::tellLook("firmware.api", out, [&] { return probe.firmware(); });
    kit::tellLook("qemu.sev_snp_guest", out, [&] { return probe.qemu(); });
    kit::tellLook("boot.image", out, [&] { return probe.bootImage(); });
}

void SevSnp::probe(sdk::Call, const sdk::ProbeRequest& request, sdk::Checks out)
{
    if (!request.hasVm())
        return probeHost(configuration_, host_, nullptr, out);
    const sdk::Vm vm = request.defaults();
    probeHost(configuration_, host_, &vm, out);
}

} // namespace teehost::sev_snp
