// SPDX-License-Identifier: Apache-2.0
//
// Objects and properties as QEMU 9.1 and later know them (qapi/qom.json, SevSnpGuestProperties,
// IgvmCfgProperties; docs/system/i386/amd-memory-encryption.rst). Resets cannot work and are the host's to
// rule out: it always passes -no-reboot.
#include "compose.h"

#include <string>
#include <utility>
#include <vector>

#include <teehost/kit/reader.h>

#include "host_data.h"
#include "launchable.h"
#include "predict.h"
#include "sev_snp.h"

namespace teehost::sev_snp {
namespace {

/// Properties of which the values are made here.
class OwnedProperties {
public:
    void add(std::string_view key, std::string value) { list_.emplace_back(key, std::move(value)); }
    void switchOn(std::string_view key, bool on)
    {
        if (on) // off is the default of them all
            add(key, "on");
    }
    [[nodiscard]] sdk::Properties view() const
    {
        std::vector<sdk::Property> out;
        for (const auto& [key, value] : list_)
            out.push_back({key, value});
        return out;
    }

private:
    std::vector<std::pair<std::string_view, std::string>> list_;
};

std::string valueOrHost(const std::optional<std::uint64_t>& configured, std::optional<std::uint32_t> of_host,
                        std::string_view option)
{
    if (configured)
        return std::to_string(*configured);
    if (!of_host)
        throw sdk::Error(TH_FAILED_PRECONDITION,
                         std::string(option) +
                             " is auto, but this CPU reports no memory encryption (CPUID 8000001F)",
                         "set " + std::string(option) + " to a number, or run on a host with SEV-SNP",
                         std::string(option));
    return std::to_string(*of_host);
}

class Composer {
public:
    Composer(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm,
             IdSignatures& signatures, sdk::Fragment out)
        : configuration_(configuration), host_(host), vm_(vm), out_(out),
          prediction_(predictLaunch(configuration, host, vm)), hostData_(hostDataFor(configuration, vm))
    {
        expectLaunchable(configuration, host, vm, prediction_);
        id_ = idBlockFor(configuration, prediction_, signatures);
    }

    void run()
    {
        addMachine();
        addGuestObject();
        addBoot();
        addNotes();
    }

private:
    [[nodiscard]] bool isIgvm() const noexcept { return prediction_.image.kind == BootKind::Igvm; }

    void addMachine()
    {
        out_.machine({{"confidential-guest-support", configuration_.id}, {"vmport", "off"}});
        // This holds the memory the guest shares with the host; QEMU makes the private memory itself, so
        // touching all of this in advance would take the memory twice.
        out_.memory("memory-backend-memfd", {{"share", "on"}, {"prealloc", "off"}});
    }

    void addGuestObject()
    {
        OwnedProperties guest;
        guest.add("cbitpos", valueOrHost(configuration_.cbitpos, host_.cbitPosition(), "sev-snp.cbitpos"));
        guest.add("reduced-phys-bits", valueOrHost(configuration_.reducedPhysBits, host_.reducedPhysBits(),
                                                   "sev-snp.reduced_phys_bits"));
        if (!prediction_.policyFromImage)
            guest.add("policy", kit::hexNumber(prediction_.policy));
        if (hostData_)
            guest.add("host-data", kit::toBase64(hostData_->bytes));
        if (id_) {
            guest.add("id-block", kit::toBase64(id_->block.encode()));
            guest.add("id-auth", kit::toBase64(id_->auth.encode()));
            guest.switchOn("author-key-enabled", !id_->auth.authorKey.isNone());
        }
        guest.switchOn("vcek-disabled", configuration_.vcekDisabled);
        guest.switchOn("kernel-hashes", prediction_.kernelHashes.has_value());
        guest.switchOn("debug-swap", configuration_.debugSwap);
        guest.switchOn("secure-tsc", configuration_.secureTsc);
        if (configuration_.tscFrequency != 0)
            guest.add("tsc-frequency", std::to_string(configuration_.tscFrequency));
        out_.object("sev-snp-guest", configuration_.id, guest.view());
    }

    void addBoot()
    {
        if (isIgvm()) {
            out_.machine({{"igvm-cfg", configuration_.igvmId}});
            out_.object("igvm-cfg", configuration_.igvmId, {{"file", prediction_.image.path}});
            out_.firmware(TH_FW_IGVM, prediction_.image.path);
        } else {
            // Never as flash: KVM has no read-only memory for SEV-SNP guests.
            out_.firmware(TH_FW_BIOS, prediction_.image.path);
        }
        if (!vm_.kernel().empty())
            out_.directBoot(vm_.kernel(), vm_.initrd(), vm_.cmdline());
    }

    void addNotes()
    {
        out_.note("sev-snp.objects",
                  isIgvm() ? configuration_.id + ", " + configuration_.igvmId : configuration_.id);
        out_.note(isIgvm() ? "sev-snp.igvm_file" : "sev-snp.firmware", prediction_.image.path);
        out_.note(prediction_.allVcpusKnown ? "sev-snp.launch_digest" : "sev-snp.launch_digest_of_first_vcpu",
                  kit::toHex(prediction_.launch.digest));
        out_.note("sev-snp.policy", kit::hexNumber(prediction_.policy));
        if (!vm_.kernel().empty())
            out_.note("sev-snp.kernel", kernelNote());
        if (hostData_) {
            out_.note("sev-snp.host_data", kit::toHex(hostData_->bytes));
            out_.note("sev-snp.host_data_is", hostData_->origin);
        }
        if (id_)
            out_.note("sev-snp.id_key_digest", kit::toHex(id_->auth.idKey.digest()));
        if (id_ && !id_->auth.authorKey.isNone())
            out_.note("sev-snp.author_key_digest", kit::toHex(id_->auth.authorKey.digest()));
    }

    [[nodiscard]] std::string_view kernelNote() const noexcept
    {
        if (prediction_.kernelHashes)
            return "measured into the launch digest";
        return hostData_ ? "not in the launch digest; host data is all that can bind it"
                         : "not in the launch digest, and bound by nothing";
    }

    const Configuration& configuration_;
    const HostFacts& host_;
    const sdk::Vm& vm_;
    sdk::Fragment out_;
    LaunchPrediction prediction_;
    std::optional<HostData> hostData_;
    std::optional<VmIdBlock> id_;
};

} // namespace

void composeLaunch(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm,
                   IdSignatures& signatures, sdk::Fragment out)
{
    Composer(configuration, host, vm, signatures, out).run();
}

void SevSnp::compose(sdk::Call, const sdk::Vm& vm, sdk::Fragment out)
{
    composeLaunch(configuration_, host_, vm, idSignatures_, out);
}

} // namespace teehost::sev_snp
