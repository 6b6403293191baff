// SPDX-License-Identifier: Apache-2.0
#include "tdx/probe.h"

#include <filesystem>
#include <limits>
#include <string>

#include <teehost/kit/file.h>
#include <teehost/kit/probe.h>
#include <teehost/kit/reader.h>

#include "tdx/kvm_tee.h"
#include "tdx/measure/firmware_profile.h"
#include "tdx/measure/tdvf_image.h"
#include "tdx/operator_error.h"
#include "tdx/tdx.h"

namespace teehost::tdx {
namespace {

using kit::Look;
using kit::looksBad;
using kit::looksGood;
using kit::looksOdd;

constexpr std::string_view kBiosHint =
    "in the firmware setup, enable TME, TME-MT, TDX and the SEAM loader, set key ids aside for TDX, and "
    "switch S3 off; the names vary";

class Probe {
public:
    Probe(const Configuration& configuration, const HostFacts& host, const sdk::Vm* vm) noexcept
        : configuration_(configuration), host_(host), vm_(vm)
    {
    }

    Look cpu() const
    {
        const auto cpuinfo = kit::contentsOf(host_.root + "/proc/cpuinfo");
        if (!cpuinfo || !kit::hasCpuFlag(*cpuinfo, "tdx_host_platform"))
            return looksBad("no flag tdx_host_platform in /proc/cpuinfo: the CPU has no TDX, the firmware "
                            "hides it, or the kernel does not know it",
                            "use a host with an Intel Xeon of the 5th generation or later (or the 4th with "
                            "TDX), and Linux 6.16 or later; " +
                                std::string(kBiosHint));
        return looksGood("the kernel hosts TDX on this CPU");
    }

    Look kvmIntel() const
    {
        const std::string path = host_.root + "/sys/module/kvm_intel/parameters/tdx";
        const auto value = kit::contentsOf(path);
        if (!value)
            return looksBad("kvm_intel is not loaded, or knows no TDX: cannot read " + path,
                            "load kvm_intel of Linux 6.16 or later with CONFIG_KVM_INTEL_TDX");
        if (!value->starts_with("Y") && !value->starts_with("1"))
            return looksBad("kvm_intel has TDX switched off (" + path + ")",
                            "load kvm_intel with tdx=1 (kernel command line: kvm_intel.tdx=1); " +
                                std::string(kBiosHint));
        return looksGood("kvm_intel has TDX switched on");
    }

    Look kvmDevice() const
    {
        const std::string path = kvm();
        const auto trouble = kit::deviceTrouble(path);
        if (!trouble)
            return looksGood(path + " can be used");
        return looksBad(trouble->message,
                        trouble->fault == kit::DeviceFault::NotAllowed
                            ? "add the user that QEMU runs as to the group of /dev/kvm (usually kvm)"
                            : "load kvm_intel; in a container, pass the host's device in");
    }

    Look kvmVmType() const
    {
        return kit::lookAtVmTypes(kTdx, host_.kvmVmTypes(kvm()),
                                  "load kvm_intel with tdx=1; `dmesg | grep -i tdx` says what is missing");
    }

    Look module() const
    {
        const auto capabilities = host_.tdxCapabilities(kvm());
        if (!capabilities.value)
            return looksBad(
                capabilities.why,
                "`dmesg | grep -i -e tdx -e seam` says why the TDX module is not ready; update it "
                "with the platform's BIOS");
        const std::uint64_t wanted =
            configuration_.attributes.value_or(configuration_.septVeDisable ? attribute::kSeptVeDisable : 0);
        const std::uint64_t missing = wanted & ~capabilities.value->attributes;
        if (missing != 0)
            return looksBad("the TDX module does not offer the TD attributes " + kit::hexNumber(missing) +
                                " that are configured",
                            "change tdx.attributes and tdx.sept_ve_disable, or update the TDX module");
        return looksGood("the TDX module offers the attributes " +
                         kit::hexNumber(capabilities.value->attributes) + " and the features " +
                         kit::hexNumber(capabilities.value->xfam));
    }

    Look keys() const
    {
        const auto total = host_.keyIds();
        if (!total)
            return looksOdd("the kernel does not say how many key ids there are for TDs",
                            "mount cgroup v2 with the controller misc, on Linux 6.16 or later");
        if (*total == 0)
            return looksBad("no key id is set aside for TDs",
                            "in the firmware setup, give TDX some of the TME-MT key ids");
        return looksGood(
            (*total == std::numeric_limits<std::uint64_t>::max() ? "any number of" : std::to_string(*total)) +
            std::string(" TDs at a time"));
    }

    Look qemu() const { return kit::lookAtQemu(kTdx, vm_ == nullptr ? "" : vm_->qemuVersion()); }

    Look firmware() const
    {
        return readingOption("firmware", [&] {
            const kit::Bytes bytes = kit::readFile(configuration_.firmware, "firmware", kMaxTdvfBytes);
            if (const auto why = TdvfImage::parse(bytes).qemuRefuses)
                return looksBad("QEMU does not boot \"" + configuration_.firmware + "\": " + *why,
                                "set tdx.firmware to an OVMF built for QEMU");
            const KnownFirmware* known = findFirmware(kit::sha256(bytes));
            if (known != nullptr && !known->measuresNothing.empty())
                return looksOdd("firmware \"" + configuration_.firmware + "\" (" + std::string(known->name) +
                                    ") is a TDVF, but " + std::string(known->measuresNothing),
                                "build OvmfPkg/IntelTdx of edk2, or take a distribution's OVMF.inteltdx.fd");
            return looksGood("firmware \"" + configuration_.firmware + "\" is a TDVF");
        });
    }

    Look quotes() const
    {
        const auto address = qgsOf(configuration_, host_.root);
        if (!address)
            return looksOdd("tdx.quote_generation is none: guests get no quotes, and cannot be attested",
                            "set tdx.quote_generation to auto");
        const bool ask = configuration_.askQuoteGeneration;
        const auto platform = host_.qgs(*address, ask ? QgsLook::Ask : QgsLook::Connect);
        if (!platform.value)
            return looksOdd(platform.why + "; guests would get no quotes",
                            "install and start Intel's tdx-qgs (qgsd), or set tdx.quote_generation to where "
                            "it listens");
        if (platform.value->error != 0)
            return looksOdd("the quote generation service answers with error " +
                                kit::hexNumber(platform.value->error),
                            "see its journal (qgsd): a platform has to be registered with Intel, and its PCK "
                            "certificates have to be there");
        return looksGood("the quote generation service " + std::string(ask ? "answers at " : "listens at ") +
                         address->toText());
    }

    Look nested() const
    {
        std::error_code ignored;
        if (std::filesystem::exists(host_.root + "/dev/tdx_guest", ignored))
            return looksOdd("there is /dev/tdx_guest: this host is itself a TD, and TDs cannot be nested",
                            "run the daemon on the physical host");
        return looksGood("this host is no TD");
    }

private:
    [[nodiscard]] std::string kvm() const { return host_.root + "/dev/kvm"; }

    const Configuration& configuration_;
    const HostFacts& host_;
    const sdk::Vm* vm_;
};

} // namespace

void probeHost(const Configuration& configuration, const HostFacts& host, const sdk::Vm* vm, sdk::Checks out)
{
    const Probe probe(configuration, host, vm);
    kit::tellLook("cpu.tdx", out, [&] { return probe.cpu(); });
    kit::tellLook("kernel.kvm_intel", out, [&] { return probe.kvmIntel(); });
    kit::tellLook("device.kvm", out, [&] { return probe.kvmDevice(); });
    kit::tellLook("kernel.kvm_vm_type", out, [&] { return probe.kvmVmType(); });
    kit::tellLook("tdx.module", out, [&] { return probe.module(); });
    kit::tellLook("tdx.keys", out, [&] { return probe.keys(); });
    kit::tellLook("qemu.tdx_guest", out, [&] { return probe.qemu(); });
    kit::tellLook("boot.firmware", out, [&] { return probe.firmware(); });
    kit::tellLook("tdx.quotes", out, [&] { return probe.quotes(); });
    kit::tellLook("tdx.nested", out, [&] { return probe.nested(); });
}

void Tdx::probe(sdk::Call, const sdk::ProbeRequest& request, sdk::Checks out)
{
    if (!request.hasVm())
        return probeHost(configuration_, host_, nullptr, out);
    const sdk::Vm vm = request.defaults();
    probeHost(configuration_, host_, &vm, out);
}

} // namespace teehost::tdx
