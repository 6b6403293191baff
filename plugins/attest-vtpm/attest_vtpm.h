// SPDX-License-Identifier: Apache-2.0
//
// A vTPM in every VM: gives it one, and judges its quotes and the logs behind them. The logic is in provide/,
// log/, quote/ and evidence/; here it meets the host.
#pragma once

#include <memory>

#include <teehost/plugin.hpp>

#include "provide/options.h"
#include "provide/swtpm.h"
#include "request.h"
#include "vtpm_checks.h"

namespace teehost::vtpm {

class FirmwareCache; // predict/firmware_cache.h

class AttestVtpm final : public sdk::Plugin {
public:
    static constexpr sdk::About kAbout{.id = "attest-vtpm",
                                       .version = "1.0.0",
                                       .vendor = "teehost",
                                       .license = "Apache-2.0",
                                       .summary = "Attestation by a virtual TPM",
                                       .flags = std::uint32_t{TH_ROLE_ATTESTER}};
    static constexpr auto kOptions = kVtpmOptions;
    static constexpr auto kProbeChecks = kVtpmProbeChecks;
    static constexpr auto kVerifyChecks = kVtpmVerifyChecks;

    explicit AttestVtpm(sdk::Call call);
    ~AttestVtpm() override;

    [[nodiscard]] static int recognise(const sdk::Blob& blob);

    void probe(sdk::Call call, const sdk::ProbeRequest& request, sdk::Checks out) override;
    void compose(sdk::Call call, const sdk::Vm& vm, sdk::Fragment out) override;
    void measure(sdk::Call call, const sdk::MeasureRequest& request, sdk::Reference out) override;
    std::uint32_t evidence(sdk::Call call, const sdk::Vm& vm) override;
    void challenge(sdk::Call call, const sdk::ChallengeRequest& request, sdk::Challenge out) override;
    void inspect(sdk::Call call, const sdk::Blob& blob, sdk::Claims out) override;
    void verify(sdk::Call call, const sdk::VerifyRequest& request, sdk::Checks out) override;

private:
    /// That of this host's software TPMs; empty when there is none (yet).
    [[nodiscard]] Authority authority() const;

    enum class Tpm {
        None,
        Swtpm, ///< a process of the host, for VMs that trust it anyway
        Svsm,  ///< in the IGVM file of a confidential VM
    };
    [[nodiscard]] Tpm tpmOf(const sdk::Vm& vm) const;

    bool providesSwtpm_;
    std::unique_ptr<FirmwareCache> firmware_;
    SwtpmTerms swtpm_;
};

} // namespace teehost::vtpm
