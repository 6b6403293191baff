// SPDX-License-Identifier: Apache-2.0
#include "vtpm/guest_prediction.h"

#include "predict/qemu_shape.h"

namespace teehost::test {

vtpm::PcrPrediction predict(const MeasuredGuest& guest, const std::string& qemu_version)
{
    using namespace vtpm;
    constexpr HashAlgorithm kBanks[] = {HashAlgorithm::Sha1, HashAlgorithm::Sha2_256, HashAlgorithm::Sha2_384,
                                        HashAlgorithm::Sha2_512};
    constexpr std::string_view kTcg = "tcg";
    const auto arguments = guest.qemuArguments();
    const std::vector<std::string_view> views(arguments.begin(), arguments.end());
    th_vm_spec raw{};
    raw.struct_size = sizeof raw;
    raw.accel = {kTcg.data(), kTcg.size()};
    BootInputs inputs;
    inputs.firmwareCode = guest.firmware();
    inputs.firmwareVars = guest.varsSource();
    if (guest.boot().disk.empty()) {
        inputs.kernel = guest.path("kernel");
        inputs.initrd = guest.path("initrd");
        inputs.cmdline = guest.boot().cmdline;
    }
    inputs.machine = machineOf(sdk::Vm(raw), views, {});
    inputs.qemuVersion = qemu_version;
    inputs.banks.assign(std::begin(kBanks), std::end(kBanks));
    inputs.initramfsOnly = ImaTemplate::Sig;
    static FirmwareCache cache;
    return predictPcrs(inputs, cache);
}

} // namespace teehost::test
