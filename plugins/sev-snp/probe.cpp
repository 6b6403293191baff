// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

#include <array>
#include <cerrno>
#include <exception>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include <teehost/kit/file.h>
#include <teehost/kit/reader.h>

#include "launch/igvm_file.h"
#include "launch/ovmf_image.h"
#include "operator_error.h"
#include "predict.h"
#include "qemu_version.h"
#include "sev_snp.h"

namespace teehost::sev_snp {
namespace {

constexpr std::uint32_t kKvmSnpVm = 4; // KVM_X86_SNP_VM; Linux 6.11, arch/x86/include/uapi/asm/kvm.h
constexpr unsigned kSnpApiMajor = 1, kSnpApiMinor = 51; // of the first firmware with SEV-SNP

constexpr std::string_view kBiosHint =
    "in the firmware setup, enable SMEE (SME), SEV-SNP memory coverage (RMP table) and IOMMU; the names vary";

struct Outcome {
    enum class Verdict { Pass, Warn, Fail } verdict;
    std::string message;
    std::string hint;
};
Outcome passed(std::string message) { return {Outcome::Verdict::Pass, std::move(message), {}}; }
Outcome warned(std::string message, std::string hint)
{
    return {Outcome::Verdict::Warn, std::move(message), std::move(hint)};
}
Outcome failed(std::string message, std::string hint)
{
    return {Outcome::Verdict::Fail, std::move(message), std::move(hint)};
}

/// The first bytes of a small file of /proc or /sys; nothing when it cannot be read.
std::optional<std::string> contents(const std::string& path)
{
    constexpr std::size_t kEnough = 64 * 1024;
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return std::nullopt;
    std::string text(kEnough, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

/// Whether the kernel lists the flag for the first CPU.
bool kernelKnowsSnp(const std::string& cpuinfo)
{
    std::istringstream lines(cpuinfo);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("flags"))
            continue;
        std::istringstream words(line);
        for (std::string word; words >> word;)
            if (word == "sev_snp")
                return true;
        return false;
    }
    return false;
}

class Probe {
public:
    Probe(const Configuration& configuration, const HostFacts& host, const sdk::Vm* vm) noexcept
        : configuration_(configuration), host_(host), vm_(vm)
    {
    }

    Outcome cpu() const
    {
        const auto signature = host_.cpuSignature();
        const std::string cpu =
            "CPU " + (signature ? kit::hexNumber(*signature) : "unknown") + " (CPUID 1 EAX)";
        if (!host_.cpuHasSnp())
            return failed(cpu + " has no SEV-SNP, or the firmware hides it (CPUID 8000001F EAX bit 4)",
                          "use a host with an AMD EPYC 7003 or later; " + std::string(kBiosHint));
        const auto cpuinfo = contents(host_.root + "/proc/cpuinfo");
        if (!cpuinfo || !kernelKnowsSnp(*cpuinfo))
            return failed(
                cpu + " has SEV-SNP, but the kernel does not use it: no flag sev_snp in /proc/cpuinfo",
                "use Linux 6.11 or later; " + std::string(kBiosHint) +
                    "; `dmesg | grep -i -e SEV -e RMP` says what is missing");
        return passed(cpu + " has SEV-SNP");
    }

    Outcome cbitPosition() const
    {
        const auto actual = host_.cbitPosition();
        if (!actual)
            return failed("the CPU reports no memory encryption (CPUID 8000001F)",
                          "use a host with an AMD EPYC 7003 or later");
        if (configuration_.cbitpos && *configuration_.cbitpos != *actual)
            return failed("sev-snp.cbitpos is " + std::to_string(*configuration_.cbitpos) +
                              ", the CPU has its C-bit at " + std::to_string(*actual),
                          "set sev-snp.cbitpos to auto");
        return passed("the C-bit is bit " + std::to_string(*actual));
    }

    Outcome asids() const
    {
        const auto count = host_.snpAsids();
        if (!count)
            return failed("the CPU reports no ASIDs for SEV-SNP (CPUID 8000001F)",
                          "use a host with an AMD EPYC 7003 or later");
        if (*count == 0)
            return failed("no ASID is set aside for SEV-ES and SEV-SNP guests (CPUID 8000001F EDX)",
                          "in the firmware setup, raise \"Minimum SEV non-ES ASID\" above 1");
        return passed(std::to_string(*count) + " guests with SEV-ES or SEV-SNP at a time");
    }

    Outcome kvmAmd() const
    {
        const std::string path = host_.root + "/sys/module/kvm_amd/parameters/sev_snp";
        const auto value = contents(path);
        if (!value)
            return failed("kvm_amd is not loaded, or older than Linux 6.11: cannot read " + path,
                          "load kvm_amd of Linux 6.11 or later");
        if (!value->starts_with("Y") && !value->starts_with("1"))
            return failed("kvm_amd has SEV-SNP switched off (" + path + ")",
                          "load kvm_amd with sev=1 sev_es=1 sev_snp=1; " + std::string(kBiosHint));
        return passed("kvm_amd has SEV-SNP switched on");
    }

    Outcome kvmVmType() const
    {
        const auto types = host_.kvmVmTypes(host_.root + "/dev/kvm");
        if (!types.value)
            return failed(types.why, "load kvm_amd, and let the daemon's user use /dev/kvm");
        if ((*types.value >> kKvmSnpVm & 1) == 0)
            return failed("KVM makes no SEV-SNP VMs here (KVM_CAP_VM_TYPES is " +
                              kit::hexNumber(*types.value) + ")",
                          "use Linux 6.11 or later with CONFIG_KVM_AMD_SEV, and load kvm_amd with sev_snp=1");
        return passed("KVM makes SEV-SNP VMs");
    }

    Outcome device(const std::string& name, std::string_view missing_hint) const
    {
        const std::string path = host_.root + "/dev/" + name;
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0)
            return failed("there is no " + path + ": " + std::generic_category().message(errno),
                          std::string(missing_hint));
        if (!S_ISCHR(status.st_mode))
            return failed(path + " is not a character device", "in a container, pass the host's device in");
        if (::access(path.c_str(), R_OK | W_OK) != 0)
            return failed(path + " may not be opened: " + std::generic_category().message(errno),
                          "let the user that QEMU runs as read and write it: a group and a udev rule");
        return passed(path + " can be used");
    }

    Outcome firmware() const
    {
        const auto asked = host_.sevFirmware(host_.root + "/dev/sev");
        if (!asked.value)
            return failed(asked.why, "load the driver ccp, and let the daemon's user use /dev/sev");
        const SevFirmware& firmware = *asked.value;
        const std::string version = std::to_string(firmware.apiMajor) + "." +
                                    std::to_string(firmware.apiMinor) + " build " +
                                    std::to_string(firmware.build);
        if (firmware.apiMajor < kSnpApiMajor ||
            (firmware.apiMajor == kSnpApiMajor && firmware.apiMinor < kSnpApiMinor))
            return failed("the SEV firmware has API " + version + ", SEV-SNP needs 1.51",
                          "update the platform's BIOS, or linux-firmware's amd/amd_sev_*.sbin");
        if (!firmware.snpInitialized)
            return warned(
                "the SEV firmware has API " + version + " and has SEV-SNP not initialized yet",
                "load kvm_amd with sev_snp=1; `dmesg | grep SEV-SNP` says why it failed, if it did");
        return passed("the SEV firmware has API " + version);
    }

    Outcome qemu() const
    {
        const std::string text(vm_ == nullptr ? "" : vm_->qemuVersion());
        const auto version = QemuVersion::of(text);
        if (!version)
            return warned("the version of QEMU is not known", "set qemu.bin_path to a QEMU 9.1 or later");
        if (*version < kFirstWithSnp)
            return failed("QEMU " + text + " does not know sev-snp-guest",
                          "set qemu.bin_path to a QEMU 9.1 or later");
        if (*version < kFirstWithIgvm && vm_ != nullptr &&
            chooseBootImage(configuration_, *vm_).kind == BootKind::Igvm)
            return failed("QEMU " + text + " does not boot IGVM files",
                          "set qemu.bin_path to a QEMU 10.1 or later built with libigvm, or empty "
                          "sev-snp.igvm_file");
        return passed("QEMU " + text + " is new enough for SEV-SNP");
    }

    Outcome bootImage() const
    {
        if (vm_ == nullptr)
            return warned("the settings describe no VM", "set sev-snp.igvm_file or ovmf.code.file");
        const BootImage image = chooseBootImage(configuration_, *vm_);
        return readingOption(image.option(), [&] {
            return image.kind == BootKind::Igvm ? igvmFile(image.path) : ovmf(image.path);
        });
    }

private:
    static Outcome igvmFile(const std::string& path)
    {
        const auto bytes = kit::readFile(path, "IGVM file", kMaxIgvmBytes);
        static_cast<void>(IgvmFile::parse(bytes).snpMask()); // throws for a file that is not for SEV-SNP
        return passed("IGVM file \"" + path + "\" is for SEV-SNP");
    }

    Outcome ovmf(const std::string& path) const
    {
        const auto bytes = kit::readFile(path, "firmware", kMaxFirmwareBytes);
        const OvmfImage image = OvmfImage::parse(bytes);
        if (!image.hasSevMetadata)
            return failed(
                "firmware \"" + path + "\" has no SEV metadata: it is not built for SEV-SNP",
                "set ovmf.code.file to an OVMF built for SEV-SNP (Debian: /usr/share/ovmf/OVMF.fd), "
                "or set sev-snp.igvm_file");
        const bool takesHashes = image.hashTable && image.find(SectionType::KernelHashes) != nullptr;
        if (!vm_->kernel().empty() && configuration_.kernelHashes && !takesHashes)
            return failed(
                "firmware \"" + path + "\" takes no kernel hashes, and VMs boot a kernel directly",
                "set ovmf.code.file to an OVMF that takes them (edk2: OvmfPkg/AmdSev), or boot from "
                "a disk or an IGVM file");
        return passed("firmware \"" + path + "\" is built for SEV-SNP");
    }

    const Configuration& configuration_;
    const HostFacts& host_;
    const sdk::Vm* vm_;
};

/// Reports what `look` sees; what it throws fails the check, so that the others are still made.
template <class Look>
void check(std::string_view id, sdk::Checks out, Look&& look)
{
    Outcome outcome{};
    try {
        outcome = look();
    } catch (const sdk::Error& e) {
        outcome = failed(e.what(), e.hint());
    } catch (const std::exception& e) {
        outcome = failed(std::string("it could not be looked at: ") + e.what(),
                         "see `dmesg`, and whether the daemon's user may look there");
    }
    switch (outcome.verdict) {
    case Outcome::Verdict::Pass:
        return out.pass(id, outcome.message);
    case Outcome::Verdict::Warn:
        return out.warn(id, outcome.message, outcome.hint);
    case Outcome::Verdict::Fail:
        return out.fail(id, outcome.message, outcome.hint);
    }
}

} // namespace

void probeHost(const Configuration& configuration, const HostFacts& host, const sdk::Vm* vm, sdk::Checks out)
{
    const Probe probe(configuration, host, vm);
    check("cpu.sev_snp", out, [&] { return probe.cpu(); });
    check("cpu.cbitpos", out, [&] { return probe.cbitPosition(); });
    check("cpu.asids", out, [&] { return probe.asids(); });
    check("kernel.kvm_amd", out, [&] { return probe.kvmAmd(); });
    check("kernel.kvm_vm_type", out, [&] { return probe.kvmVmType(); });
    check("device.kvm", out, [&] { return probe.device("kvm", "load kvm_amd"); });
    check("device.sev", out, [&] {
        return probe.device("sev", "load the driver ccp, and enable the AMD secure processor in the firmware "
                                   "setup");
    });
    check("firmware.api", out, [&] { return probe.firmware(); });
    check("qemu.sev_snp_guest", out, [&] { return probe.qemu(); });
    check("boot.image", out, [&] { return probe.bootImage(); });
}

void SevSnp::probe(sdk::Call, const sdk::ProbeRequest& request, sdk::Checks out)
{
    if (!request.hasVm())
        return probeHost(configuration_, host_, nullptr, out);
    const sdk::Vm vm = request.defaults();
    probeHost(configuration_, host_, &vm, out);
}

} // namespace teehost::sev_snp
