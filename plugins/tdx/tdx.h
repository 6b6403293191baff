// SPDX-License-Identifier: Apache-2.0
//
// Intel TDX: launches trust domains (TDs), says beforehand what their registers must be, and judges their
// quotes. The logic is in measure/ and quote/; here it meets the host.
#pragma once

#include <teehost/plugin.hpp>

#include "tdx/configuration.h"
#include "tdx/host_facts.h"
#include "tdx/options.h"
#include "tdx/plugin_checks.h"
#include "tdx/quote/checks.h"
#include "tdx/quote/verify_plugin.h"

namespace teehost::tdx {

class Tdx final : public sdk::Plugin {
public:
    static constexpr sdk::About kAbout{
        .id = "tdx",
        .version = "1.0.0",
        .vendor = "teehost",
        .license = "Apache-2.0",
        .summary = "Confidential virtual machines under Intel TDX",
        .flags = std::uint32_t{TH_ROLE_BACKEND} | std::uint32_t{TH_ROLE_ATTESTER} |
                 std::uint32_t{TH_PLUGIN_CONFIDENTIAL} | std::uint32_t{TH_PLUGIN_NEEDS_KVM},
        .selectEnv = "MANAGER_QEMU_ENABLE_TDX"};
    static constexpr auto kOptions = kTdxOptions;
    static constexpr auto kProbeChecks = kTdxProbeChecks;
    static constexpr auto kVerifyChecks = kTdxVerifyChecks;

    explicit Tdx(sdk::Call call) : configuration_(call), host_(HostFacts::ofThisMachine()) {}

    [[nodiscard]] static int recognise(const sdk::Blob& blob);

    void probe(sdk::Call call, const sdk::ProbeRequest& request, sdk::Checks out) override;
    void compose(sdk::Call call, const sdk::Vm& vm, sdk::Fragment out) override;
    void measure(sdk::Call call, const sdk::MeasureRequest& request, sdk::Reference out) override;
    void inspect(sdk::Call call, const sdk::Blob& blob, sdk::Claims out) override;
    void verify(sdk::Call call, const sdk::VerifyRequest& request, sdk::Checks out) override;
    std::uint32_t evidence(sdk::Call, const sdk::Vm&) override { return TH_EVIDENCE_TDX; }
    void diagnose(sdk::Call call, const sdk::Failure& failure, sdk::Findings out) override;
    void capacity(sdk::Call call, sdk::Capacity out) override;

private:
    Configuration configuration_;
    HostFacts host_;
    QuoteVerifier verifier_;
};

} // namespace teehost::tdx
