// SPDX-License-Identifier: Apache-2.0
//
// The backend `evil`: does what its option says instead of its work, as other people's code may.
#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include <teehost/plugin.hpp>

namespace {

using namespace teehost::sdk;

void misbehave(std::string_view how)
{
    if (how == "throw")
        throw std::runtime_error("the plugin threw this");
    if (how == "crash")
        std::abort();
    while (how == "hang")
        std::this_thread::sleep_for(std::chrono::seconds(1));
}

class Evil final : public Plugin {
public:
    static constexpr About kAbout{.id = "evil",
                                  .version = "1.0.0",
                                  .vendor = "nobody",
                                  .license = "Apache-2.0",
                                  .summary = "A backend that misbehaves on request",
                                  .flags = TH_ROLE_BACKEND};

    static constexpr std::array kOptions{
        Option{.key = "compose",
               .type = TH_T_STRING,
               .help = "throw, crash, hang, or empty.",
               .defaultText = ""},
        Option{.key = "diagnose",
               .type = TH_T_STRING,
               .help = "throw, crash, hang, or empty.",
               .defaultText = ""},
        Option{
            .key = "sidecar", .type = TH_T_BOOL, .help = "Give each VM a sidecar.", .defaultText = "false"},
        Option{
            .key = "nap", .type = TH_T_STRING, .help = "How many seconds it sleeps.", .defaultText = "1000"},
        Option{.key = "slots", .type = TH_T_UINT, .help = "VMs the platform can take.", .defaultText = "100"},
    };

    explicit Evil(Call) {}

    void compose(Call call, const Vm& vm, Fragment out) override
    {
        misbehave(call.text("compose"));
        out.memory("memory-backend-ram", {});
        if (call.flag("sidecar"))
            out.sidecar({.name = "nap", .argv = {"sleep", call.text("nap")}});
        if (!vm.kernel().empty())
            out.directBoot(vm.kernel(), vm.initrd(), vm.cmdline());
    }

    void diagnose(Call call, const Failure&, Findings) override { misbehave(call.text("diagnose")); }

    void capacity(Call call, Capacity out) override
    {
        out.resource("evil slots", call.number("slots"), std::nullopt);
    }
};

} // namespace

TEEHOST_PLUGIN(Evil)
