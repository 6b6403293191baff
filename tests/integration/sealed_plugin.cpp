// SPDX-License-Identifier: Apache-2.0
//
// The backend `sealed`: calls itself confidential, and shows on QEMU's command line what it was told to bind.
#include <string>

#include <teehost/plugin.hpp>

namespace {

using namespace teehost::sdk;

std::string hex(ByteView data)
{
    std::string out;
    for (const unsigned byte : data) {
        out += "0123456789abcdef"[byte >> 4];
        out += "0123456789abcdef"[byte & 0xF];
    }
    return out;
}

class Sealed final : public Plugin {
public:
    static constexpr About kAbout{.id = "sealed",
                                  .version = "1.0.0",
                                  .vendor = "nobody",
                                  .license = "Apache-2.0",
                                  .summary = "A backend that binds host data in plain sight",
                                  .flags = TH_ROLE_BACKEND | TH_PLUGIN_CONFIDENTIAL};

    explicit Sealed(Call) {}

    void compose(Call, const Vm& vm, Fragment out) override
    {
        show(out, "config", hex(vm.configDigest()));
        if (!vm.hostData().empty())
            show(out, "host-data", hex(vm.hostData()));
        out.directBoot(vm.kernel(), vm.initrd(), vm.cmdline());
    }
    void measure(Call, const MeasureRequest& request, Reference out) override
    {
        out.reg("CONFIG", TH_ALG_SHA256, request.vm.configDigest());
    }

private:
    static void show(Fragment out, const std::string& name, const std::string& value)
    {
        out.item("fw_cfg", {}, {}, {{"name", "opt/teehost/" + name}, {"string", value}});
    }
};

} // namespace

TEEHOST_PLUGIN(Sealed)
