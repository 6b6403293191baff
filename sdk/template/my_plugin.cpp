// SPDX-License-Identifier: Apache-2.0
//
// A backend: says how to boot a VM. Every function below may be called from several threads at once; what
// fails throws Error with a sentence for the operator. What each call means is told in teehost/plugin.h.
#include <array>
#include <string>

#include <unistd.h>

#include <teehost/plugin.hpp>

namespace {

using namespace teehost::sdk;

class MyPlugin final : public Plugin {
public:
    static constexpr About kAbout{.id = "my-plugin",
                                  .version = "1.0.0",
                                  .vendor = "me",
                                  .license = "Apache-2.0",
                                  .summary = "What it is, in one line",
                                  .flags = TH_ROLE_BACKEND};

    // Set in the daemon's configuration as my-plugin.owner, or in the environment as MY_PLUGIN_OWNER.
    static constexpr std::array kOptions{
        Option{.key = "owner",
               .type = TH_T_STRING,
               .help = "Who the VMs belong to; kept with each of them.",
               .defaultText = "nobody",
               .env = {"MY_PLUGIN_OWNER"}},
    };

    // The questions of `teehost backends` and backend=auto about the machine.
    static constexpr std::array kProbeChecks{
        Check{.id = "kernel.readable", .title = "Kernel to boot", .flags = TH_CHECK_REQUIRED},
    };

    explicit MyPlugin(Call call) : owner_(call.text("owner")) {}

    void probe(Call, const ProbeRequest& request, Checks out) override
    {
        const std::string kernel(request.hasVm() ? request.defaults().kernel() : std::string_view());
        if (kernel.empty())
            out.pass("kernel.readable", "none is configured");
        else if (::access(kernel.c_str(), R_OK) == 0)
            out.pass("kernel.readable", kernel);
        else
            out.fail("kernel.readable", "cannot read " + kernel, "check qemu.kernel.file");
    }

    void compose(Call, const Vm& vm, Fragment out) override
    {
        if (vm.kernel().empty())
            throw Error(TH_INVALID_ARGUMENT, "the VM has no kernel to boot", "set qemu.kernel.file");
        out.memory("memory-backend-memfd", {{"share", "on"}});
        out.directBoot(vm.kernel(), vm.initrd(), vm.cmdline());
        out.note("owner", owner_);
    }

private:
    std::string owner_;
};

} // namespace

TEEHOST_PLUGIN(MyPlugin)
