// SPDX-License-Identifier: Apache-2.0
//
// The backend `example`: boots a VM much like plain-kvm, and hands it a greeting, which the guest finds in
// /sys/firmware/qemu_fw_cfg/by_name/opt/teehost/greeting/raw.
#include <array>
#include <string>

#include <teehost/kit/digest.h>
#include <teehost/plugin.hpp>

namespace {

using namespace teehost::sdk;

class Example final : public Plugin {
public:
    static constexpr About kAbout{.id = "example",
                                  .version = "1.0.0",
                                  .vendor = "an author outside",
                                  .license = "Apache-2.0",
                                  .summary = "A backend built against the installed SDK",
                                  .flags = TH_ROLE_BACKEND};

    static constexpr std::array kOptions{
        Option{.key = "greeting",
               .type = TH_T_STRING,
               .help = "What the guest is greeted with.",
               .defaultText = "hello",
               .env = {"EXAMPLE_GREETING"},
               .flags = TH_OPT_PER_VM | TH_OPT_RELOADABLE},
    };

    explicit Example(Call) {}

    void compose(Call call, const Vm& vm, Fragment out) override
    {
        const std::string_view greeting = call.text("greeting");
        out.machine({{"vmport", "off"}});
        out.memory("memory-backend-memfd", {{"share", "on"}});
        if (!vm.firmwareCode().empty())
            out.firmware(TH_FW_CODE, vm.firmwareCode());
        if (!vm.firmwareVars().empty())
            out.firmware(TH_FW_VARS, vm.firmwareVars());
        if (!vm.kernel().empty())
            out.directBoot(vm.kernel(), vm.initrd(), vm.cmdline());
        out.item("fw_cfg", "", "", {{"name", "opt/teehost/greeting"}, {"string", greeting}});
        out.note("greeting", greeting);
        out.note("greeting.sha256",
                 teehost::kit::toHex(teehost::kit::sha256(teehost::kit::viewOf(greeting))));
        call.log().info("example composed", {{"greeting", greeting}});
    }
};

} // namespace

TEEHOST_PLUGIN(Example)
