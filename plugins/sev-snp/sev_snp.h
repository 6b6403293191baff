// SPDX-License-Identifier: Apache-2.0
//
// AMD SEV-SNP: launches confidential VMs, says beforehand what their launch digest must be, and judges their
// attestation reports. The logic is in launch/ and report/; here it meets the host.
#pragma once

#include <memory>

#include <teehost/kit/lru_cache.h>
#include <teehost/plugin.hpp>

#include "configuration.h"
#include "host_facts.h"
#include "options.h"
#include "plugin_checks.h"
#include "report/verify.h"
#include "vm_id_block.h"

namespace teehost::sev_snp {

struct Evidence; // report/evidence.h

/// What was worked out of certificates: a host's VMs share one chain.
using ChainCache = kit::LruCache<ChainFacts>;

class SevSnp final : public sdk::Plugin {
public:
    static constexpr sdk::About kAbout{
        .id = "sev-snp",
        .version = "1.0.0",
        .vendor = "teehost",
        .license = "Apache-2.0",
        .summary = "Confidential virtual machines under AMD SEV-SNP",
        .flags = std::uint32_t{TH_ROLE_BACKEND} | std::uint32_t{TH_ROLE_ATTESTER} |
                 std::uint32_t{TH_PLUGIN_CONFIDENTIAL} | std::uint32_t{TH_PLUGIN_NEEDS_KVM},
        .selectEnv = "MANAGER_QEMU_ENABLE_SEV_SNP"};
    static constexpr auto kOptions = kSevSnpOptions;
    static constexpr auto kProbeChecks = kSevSnpProbeChecks;
    static constexpr auto kVerifyChecks = kSevSnpVerifyChecks;

    explicit SevSnp(sdk::Call call);

    [[nodiscard]] static int recognise(const sdk::Blob& blob);

    void probe(sdk::Call call, const sdk::ProbeRequest& request, sdk::Checks out) override;
    void compose(sdk::Call call, const sdk::Vm& vm, sdk::Fragment out) override;
    void measure(sdk::Call call, const sdk::MeasureRequest& request, sdk::Reference out) override;
    void inspect(sdk::Call call, const sdk::Blob& blob, sdk::Claims out) override;
    void verify(sdk::Call call, const sdk::VerifyRequest& request, sdk::Checks out) override;
    std::uint32_t evidence(sdk::Call, const sdk::Vm&) override { return TH_EVIDENCE_SNP; }
    void diagnose(sdk::Call call, const sdk::Failure& failure, sdk::Findings out) override;
    void capacity(sdk::Call call, sdk::Capacity out) override;

private:
    struct Chain {
        std::shared_ptr<const ChainFacts> facts; ///< null: certificates are missing
        std::vector<kit::Sha256Digest> roots;    ///< that are trusted
        std::string troubles;                    ///< why something could not be fetched
        std::string missing;                     ///< which certificate
    };
    Chain chainFor(sdk::Call call, const sdk::VerifyRequest& request, const Evidence& evidence,
                   const Report& report, CrlMode crl);

    Configuration configuration_;
    HostFacts host_;
    ChainCache chains_;
    IdSignatures idSignatures_;
};

} // namespace teehost::sev_snp
