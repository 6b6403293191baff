// SPDX-License-Identifier: Apache-2.0
#include "plain_kvm.h"

namespace teehost::plain_kvm {

namespace {

void addMemory(const std::string& kind, sdk::Fragment out)
{
    if (kind == "ram")
        out.memory("memory-backend-ram");
    else if (kind ==
             "hugepages") // prealloc: too few pages fail the start, instead of a SIGBUS in the running VM
        out.memory("memory-backend-memfd", {{"share", "on"}, {"hugetlb", "on"}, {"prealloc", "on"}});
    else
        out.memory("memory-backend-memfd", {{"share", "on"}});
}

} // namespace

PlainKvm::PlainKvm(sdk::Call call)
    : memoryBackend_(call.text("memory_backend")), entropyDevice_(call.flag("entropy_device")),
      panicDevice_(call.flag("panic_device"))
{
}

void PlainKvm::compose(sdk::Call, const sdk::Vm& vm, sdk::Fragment out)
{
    // No VMware backdoor and no HPET: a headless Linux guest uses neither, and both are host code a guest can
    // reach. Guest memory stays out of core dumps of QEMU: it is somebody's data.
    out.machine({{"vmport", "off"}, {"hpet", "off"}, {"dump-guest-core", "off"}});
    addMemory(memoryBackend_, out);

    if (!vm.firmwareCode().empty()) // without any, QEMU boots SeaBIOS
        out.firmware(TH_FW_CODE, vm.firmwareCode());
    if (!vm.firmwareVars().empty())
        out.firmware(TH_FW_VARS, vm.firmwareVars());
    if (!vm.kernel().empty())
        out.directBoot(vm.kernel(), vm.initrd(), vm.cmdline());

    if (panicDevice_)
        out.device("pvpanic");
    if (entropyDevice_) {
        out.object("rng-random", "entropy0", {{"filename", "/dev/urandom"}});
        out.device("virtio-rng-pci", "rng0", {{"rng", "entropy0"}});
    }
}

} // namespace teehost::plain_kvm

TEEHOST_PLUGIN(teehost::plain_kvm::PlainKvm)
