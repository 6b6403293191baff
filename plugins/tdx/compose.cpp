// SPDX-License-Identifier: Apache-2.0
//
// The object and the machine as QEMU 10.1 and later know them (qapi/qom.json, TdxGuestProperties;
// docs/system/i386/tdx.rst). Resets cannot work and are the host's to rule out: it always passes -no-reboot.
#include "tdx/compose.h"

#include <string>

#include <nlohmann/json.hpp>

#include <teehost/kit/bytes.h>
#include <teehost/kit/reader.h>

#include "tdx/config_id.h"
#include "tdx/launchable.h"

namespace teehost::tdx {
namespace {

using Json = nlohmann::ordered_json;

/// QAPI's SocketAddress: the numbers of vsock are texts there.
Json socketAddress(const QgsAddress& qgs)
{
    if (!qgs.path.empty())
        return {{"type", "unix"}, {"path", qgs.path}};
    return {{"type", "vsock"}, {"cid", std::to_string(qgs.cid)}, {"port", std::to_string(qgs.port)}};
}

class Composer {
public:
    Composer(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm, sdk::Fragment out)
        : configuration_(configuration), vm_(vm), out_(out), configId_(configIdFor(configuration, vm)),
          qgs_(qgsOf(configuration, host.root))
    {
    }

    void run()
    {
        addMachine();
        addGuestObject();
        addBoot();
        addNotes();
    }

private:
    void addMachine()
    {
        // All of this reaches the ACPI tables, and so RTMR0: said, where QEMU's own choice would do as well.
        out_.machine({{"confidential-guest-support", configuration_.id},
                      {"kernel-irqchip", "split"},
                      {"smm", "off"},
                      {"pic", "off"},
                      {"hpet", "off"},
                      {"vmport", "off"}});
        // This holds the memory the guest shares with the host; QEMU makes the private memory itself.
        out_.memory("memory-backend-memfd", {{"share", "on"}, {"prealloc", "off"}});
        if (isUnsetCpu(vm_.cpu()))
            out_.cpu("host");
    }

    void addGuestObject()
    {
        Json guest{{"qom-type", "tdx-guest"}, {"id", configuration_.id}};
        if (configuration_.attributes)
            guest["attributes"] = *configuration_.attributes;
        guest["sept-ve-disable"] = configuration_.septVeDisable;
        addRegister(guest, "mrconfigid", configId_ ? std::optional(configId_->bytes) : std::nullopt);
        addRegister(guest, "mrowner", configuration_.mrOwner);
        addRegister(guest, "mrownerconfig", configuration_.mrOwnerConfig);
        if (qgs_)
            guest["quote-generation-socket"] = socketAddress(*qgs_);
        out_.json("object", guest.dump());
    }

    /// In base64, unlike what the options of the plugin are written in.
    static void addRegister(Json& guest, const char* key, const std::optional<OwnerRegister>& bytes)
    {
        if (bytes)
            guest[key] = kit::toBase64(*bytes);
    }

    void addBoot()
    {
        // Never as flash: there is no read-only memory that is private.
        out_.firmware(TH_FW_BIOS, configuration_.firmware);
        if (!vm_.kernel().empty())
            out_.directBoot(vm_.kernel(), vm_.initrd(), vm_.cmdline());
    }

    void addNotes()
    {
        out_.note("tdx.object", configuration_.id);
        out_.note("tdx.firmware", configuration_.firmware);
        out_.note("tdx.quotes", qgs_ ? qgs_->toText() : "none: guests get no quotes");
        if (configId_) {
            out_.note("tdx.mr_config_id", kit::toHex(configId_->bytes));
            out_.note("tdx.mr_config_id_is", configId_->origin);
        }
        if (vm_.cpu() == "EPYC")
            out_.note("tdx.cpu", "host, since qemu.cpu is EPYC, the default, which no TD can have");
    }

    const Configuration& configuration_;
    const sdk::Vm& vm_;
    sdk::Fragment out_;
    std::optional<ConfigId> configId_;
    std::optional<QgsAddress> qgs_;
};

} // namespace

void composeLaunch(const Configuration& configuration, const HostFacts& host, const sdk::Vm& vm,
                   sdk::Fragment out)
{
    expectLaunchable(configuration, vm);
    Composer(configuration, host, vm, out).run();
}

} // namespace teehost::tdx
