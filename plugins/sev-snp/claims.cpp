// SPDX-License-Identifier: Apache-2.0
#include "claims.h"

#include <string>

#include <teehost/kit/reader.h>

namespace teehost::sev_snp {
namespace {

struct PolicyName {
    PolicyBit bit;
    std::string_view key;
};
constexpr std::array kPolicyNames{
    PolicyName{PolicyBit::Smt, "snp.policy.smt_allowed"},
    PolicyName{PolicyBit::MigrateMa, "snp.policy.migration_agent_allowed"},
    PolicyName{PolicyBit::Debug, "snp.policy.debug_allowed"},
    PolicyName{PolicyBit::SingleSocket, "snp.policy.single_socket_required"},
    PolicyName{PolicyBit::CxlAllow, "snp.policy.cxl_allowed"},
    PolicyName{PolicyBit::MemAes256Xts, "snp.policy.aes_256_xts_required"},
    PolicyName{PolicyBit::RaplDisable, "snp.policy.rapl_disabled_required"},
    PolicyName{PolicyBit::CiphertextHiding, "snp.policy.ciphertext_hiding_required"},
    PolicyName{PolicyBit::PageSwapDisable, "snp.policy.page_swap_disabled_required"},
};

struct PlatformName {
    PlatformBit bit;
    std::string_view key;
};
constexpr std::array kPlatformNames{
    PlatformName{PlatformBit::Smt, "snp.platform.smt"},
    PlatformName{PlatformBit::Tsme, "snp.platform.tsme"},
    PlatformName{PlatformBit::Ecc, "snp.platform.ecc"},
    PlatformName{PlatformBit::RaplDisabled, "snp.platform.rapl_disabled"},
    PlatformName{PlatformBit::CiphertextHiding, "snp.platform.ciphertext_hiding"},
    PlatformName{PlatformBit::AliasCheck, "snp.platform.alias_check"},
    PlatformName{PlatformBit::Tio, "snp.platform.tio"},
};

std::string_view signerOf(const Report& report)
{
    switch (report.signingKey()) {
    case SigningKey::Vcek:
        return "VCEK";
    case SigningKey::Vlek:
        return "VLEK";
    case SigningKey::None:
        return "none";
    }
    return "unknown";
}

void claimTcb(std::string_view name, const Tcb::Encoded& encoded, std::optional<ProductLine> line,
              const ClaimTaker& claim)
{
    const std::string prefix = "snp." + std::string(name);
    if (!line)
        return claim(prefix, sdk::ByteView(encoded));
    const Tcb tcb = Tcb::decode(encoded, *line);
    if (line == ProductLine::Turin)
        claim(prefix + ".fmc", std::uint64_t{tcb.fmc});
    claim(prefix + ".boot_loader", std::uint64_t{tcb.bootLoader});
    claim(prefix + ".tee", std::uint64_t{tcb.tee});
    claim(prefix + ".snp", std::uint64_t{tcb.snp});
    claim(prefix + ".microcode", std::uint64_t{tcb.microcode});
}

} // namespace

void claimReport(const Report& r, std::optional<ProductLine> line, const ClaimTaker& claim)
{
    claim("snp.version", std::uint64_t{r.version});
    claim("snp.product", line ? nameOf(*line) : "unknown");
    claim("snp.measurement", sdk::ByteView(r.measurement));
    claim("snp.report_data", sdk::ByteView(r.reportData));
    claim("snp.host_data", sdk::ByteView(r.hostData));
    claim("snp.vmpl", std::uint64_t{r.vmpl});
    claim("snp.guest_svn", std::uint64_t{r.guestSvn});
    claim("snp.family_id", sdk::ByteView(r.familyId));
    claim("snp.image_id", sdk::ByteView(r.imageId));
    claim("snp.id_key_digest", sdk::ByteView(r.idKeyDigest));
    claim("snp.author_key_digest", sdk::ByteView(r.authorKeyDigest));
    claim("snp.author_key_enabled", r.authorKeyEnabled());
    claim("snp.report_id", sdk::ByteView(r.reportId));
    claim("snp.report_id_ma", sdk::ByteView(r.reportIdMa));
    claim("snp.chip_id", sdk::ByteView(r.chipId));
    claim("snp.chip_id_masked", r.chipIdMasked());
    claim("snp.signing_key", signerOf(r));
    const std::string policy = kit::hexNumber(r.policy), platform = kit::hexNumber(r.platformInfo);
    claim("snp.policy", policy);
    for (const PolicyName& name : kPolicyNames)
        claim(name.key, has(r.policy, name.bit));
    claim("snp.platform_info", platform);
    for (const PlatformName& name : kPlatformNames)
        claim(name.key, has(r.platformInfo, name.bit));
    claim("snp.firmware.current", toText(r.current));
    claim("snp.firmware.committed", toText(r.committed));
    claimTcb("current_tcb", r.currentTcb, line, claim);
    claimTcb("reported_tcb", r.reportedTcb, line, claim);
    claimTcb("committed_tcb", r.committedTcb, line, claim);
    claimTcb("launch_tcb", r.launchTcb, line, claim);
    if (r.hasCpuid()) {
        claim("snp.cpu.family", std::uint64_t{r.cpuid[0]});
        claim("snp.cpu.model", std::uint64_t{r.cpuid[1]});
        claim("snp.cpu.stepping", std::uint64_t{r.cpuid[2]});
    }
    if (r.version >= 5) {
        claim("snp.launch_mit_vector", kit::hexNumber(r.launchMitVector));
        claim("snp.current_mit_vector", kit::hexNumber(r.currentMitVector));
    }
}

} // namespace teehost::sev_snp
