// SPDX-License-Identifier: Apache-2.0
//
// A VM without a TEE: what to develop and test with, and what machines without SEV or TDX can run. It proves
// nothing, so it measures nothing and is not confidential.
#pragma once

#include <array>
#include <string>

#include <teehost/plugin.hpp>

namespace teehost::plain_kvm {

class PlainKvm final : public sdk::Plugin {
public:
    static constexpr sdk::About kAbout{.id = "plain-kvm",
                                       .version = "1.0.0",
                                       .vendor = "teehost",
                                       .license = "Apache-2.0",
                                       .summary = "Virtual machines without a TEE, under KVM or TCG",
                                       .flags = TH_ROLE_BACKEND};

    static constexpr std::array kOptions{
        sdk::Option{
            .key = "memory_backend",
            .type = TH_T_ENUM,
            .help =
                "Where the VM's memory comes from: an anonymous file (memfd), plain anonymous memory (ram), "
                "or the host's reserved huge pages (hugepages).",
            .defaultText = "memfd",
            .choices = {"memfd", "ram", "hugepages"}},
        sdk::Option{.key = "entropy_device",
                    .type = TH_T_BOOL,
                    .help = "Gives the VM a virtio-rng device fed from the host's /dev/urandom.",
                    .defaultText = "true"},
        sdk::Option{.key = "panic_device",
                    .type = TH_T_BOOL,
                    .help = "Gives the VM a pvpanic device, through which its kernel reports a panic.",
                    .defaultText = "true"},
    };

    static constexpr std::array kProbeChecks{
        sdk::Check{.id = "kvm.device", .title = "KVM device"},
        sdk::Check{.id = "firmware.code", .title = "Firmware code", .flags = TH_CHECK_REQUIRED},
        sdk::Check{.id = "firmware.vars", .title = "Firmware variable store", .flags = TH_CHECK_REQUIRED},
    };

    explicit PlainKvm(sdk::Call call);

    void probe(sdk::Call call, const sdk::ProbeRequest& request, sdk::Checks out) override;
    void compose(sdk::Call call, const sdk::Vm& vm, sdk::Fragment out) override;
    void diagnose(sdk::Call call, const sdk::Failure& failure, sdk::Findings out) override;

private:
    std::string memoryBackend_;
    bool entropyDevice_;
    bool panicDevice_;
};

} // namespace teehost::plain_kvm
