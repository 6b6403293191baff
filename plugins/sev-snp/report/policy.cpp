// SPDX-License-Identifier: Apache-2.0
#include "report/policy.h"

#include <algorithm>

#include <teehost/kit/reader.h>

namespace teehost::sev_snp {
namespace {

std::string joined(const std::vector<kit::Bytes>& list)
{
    std::string text;
    for (const kit::Bytes& bytes : list)
        text += (text.empty() ? "" : " or ") + kit::toHex(bytes);
    return text;
}

bool contains(const std::vector<kit::Bytes>& list, kit::ByteView bytes)
{
    return std::any_of(list.begin(), list.end(),
                       [&](const kit::Bytes& one) { return kit::equal(one, bytes); });
}

std::string toText(const Policy::TcbFloor& floor)
{
    std::string text;
    for (const auto& [name, svn] : floor)
        text += (text.empty() ? "" : ", ") + name + " " + std::to_string(svn);
    return text;
}

bool atLeast(const Tcb& tcb, const Policy::TcbFloor& floor)
{
    return std::all_of(floor.begin(), floor.end(), [&](const auto& entry) {
        const auto& [name, svn] = entry;
        const std::uint8_t actual = name == "fmc"           ? tcb.fmc
                                    : name == "boot_loader" ? tcb.bootLoader
                                    : name == "tee"         ? tcb.tee
                                    : name == "snp"         ? tcb.snp
                                                            : tcb.microcode;
        return actual >= svn;
    });
}

class Appraisal {
public:
    Appraisal(const Report& report, std::optional<ProductLine> line, const Policy& policy)
        : report_(report), line_(line), policy_(policy)
    {
    }

    std::vector<RuleResult> run()
    {
        oneOf("measurement", policy_.measurement, report_.measurement);
        oneOf("report_data", policy_.reportData, report_.reportData);
        oneOf("host_data", policy_.hostData, report_.hostData);
        oneOf("family_id", policy_.familyId, report_.familyId);
        oneOf("image_id", policy_.imageId, report_.imageId);
        oneOf("report_id", policy_.reportId, report_.reportId);
        oneOf("report_id_ma", policy_.reportIdMa, report_.reportIdMa);
        guestPolicy();
        svns();
        platform();
        vmpl();
        signers();
        mitigations();
        return std::move(results_);
    }

private:
    void add(std::string_view rule, std::string_view key, bool kept, std::string message,
             std::string expected = {}, std::string actual = {})
    {
        results_.push_back({rule, key, kept, std::move(message), std::move(expected), std::move(actual)});
    }

    void oneOf(std::string_view rule, const std::vector<kit::Bytes>& list, kit::ByteView actual)
    {
        if (list.empty())
            return;
        const bool kept = contains(list, actual);
        add(rule, rule, kept, std::string(rule) + (kept ? " is as expected" : " is not as expected"),
            joined(list), kit::toHex(actual));
    }

    void right(PolicyBit bit, std::string_view key, const std::optional<bool>& allowed,
               const std::string& what)
    {
        if (!allowed || *allowed)
            return;
        const bool set = has(report_.policy, bit);
        add("guest_policy", key, !set, "the guest policy " + std::string(set ? "allows " : "forbids ") + what,
            "forbidden", set ? "allowed" : "forbidden");
    }
    void restriction(PolicyBit bit, std::string_view key, bool required, const std::string& what)
    {
        if (!required)
            return;
        const bool set = has(report_.policy, bit);
        add("guest_policy", key, set,
            "the guest policy " + std::string(set ? "requires " : "does not require ") + what, "required",
            set ? "required" : "not required");
    }

    void guestPolicy()
    {
        right(PolicyBit::Debug, "allow_debug", policy_.allowDebug,
              "debugging, with which the host reads the guest's memory");
        right(PolicyBit::MigrateMa, "allow_migration_agent", policy_.allowMigrationAgent,
              "a migration agent");
        right(PolicyBit::Smt, "allow_smt", policy_.allowSmt, "simultaneous multi-threading");
        right(PolicyBit::CxlAllow, "allow_cxl", policy_.allowCxl, "CXL memory and devices");
        restriction(PolicyBit::SingleSocket, "require_single_socket", policy_.requireSingleSocket,
                    "a single socket");
        restriction(PolicyBit::MemAes256Xts, "require_aes_256_xts", policy_.requireAes256Xts, "AES-256-XTS");
        restriction(PolicyBit::RaplDisable, "require_rapl_disabled", policy_.requireRaplDisabled,
                    "RAPL to be off");
        restriction(PolicyBit::CiphertextHiding, "require_ciphertext_hiding", policy_.requireCiphertextHiding,
                    "ciphertext hiding");
        restriction(PolicyBit::PageSwapDisable, "require_page_swap_disabled", policy_.requirePageSwapDisabled,
                    "page swapping to be off");
        if (!policy_.minimumAbi)
            return;
        const std::pair actual{static_cast<std::uint8_t>(report_.policy >> 8),
                               static_cast<std::uint8_t>(report_.policy)};
        const auto text = [](const auto& v) {
            return std::to_string(v.first) + "." + std::to_string(v.second);
        };
        add("guest_policy", "minimum_abi", actual >= *policy_.minimumAbi,
            "API version that the guest policy demands", text(*policy_.minimumAbi), text(actual));
    }

    void tcb(std::string_view rule, const Policy::TcbFloor& floor, const Tcb::Encoded& encoded)
    {
        if (floor.empty())
            return;
        if (!line_)
            return add(rule, rule, false, "the TCB cannot be read: the chip is not known", toText(floor));
        const Tcb actual = Tcb::decode(encoded, *line_);
        const bool kept = atLeast(actual, floor);
        add(rule, rule, kept, kept ? "the TCB is recent enough" : "a component of the TCB is too old",
            toText(floor), toText(actual, *line_));
    }

    void svns()
    {
        if (policy_.minimumGuestSvn)
            add("minimum_guest_svn", "minimum_guest_svn", report_.guestSvn >= *policy_.minimumGuestSvn,
                "security version of the guest", std::to_string(*policy_.minimumGuestSvn),
                std::to_string(report_.guestSvn));
        tcb("minimum_tcb", policy_.minimumTcb, report_.reportedTcb);
        tcb("minimum_launch_tcb", policy_.minimumLaunchTcb, report_.launchTcb);
        if (policy_.requireCommittedEqualsCurrent) {
            const bool kept =
                report_.committedTcb == report_.currentTcb && report_.committed == report_.current;
            add("provisional_firmware", "require_committed_equals_current", kept,
                kept ? "the firmware is committed" : "the firmware is provisional: the host can roll it back",
                toText(report_.committed), toText(report_.current));
        }
        if (policy_.minimumFw)
            add("minimum_fw", "minimum_fw", report_.current >= *policy_.minimumFw,
                "version of the SEV firmware", toText(*policy_.minimumFw), toText(report_.current));
    }

    void platformBit(PlatformBit bit, std::string_view key, bool wanted, const std::string& what)
    {
        const bool set = has(report_.platformInfo, bit);
        add("platform_info", key, set == wanted, what + " on the platform", wanted ? "on" : "off",
            set ? "on" : "off");
    }

    void platform()
    {
        const auto forbidden = [](const std::optional<bool>& allowed) { return allowed && !*allowed; };
        if (forbidden(policy_.platformAllowSmt))
            platformBit(PlatformBit::Smt, "platform_info.allow_smt", false, "simultaneous multi-threading");
        if (forbidden(policy_.platformAllowTsme))
            platformBit(PlatformBit::Tsme, "platform_info.allow_tsme", false,
                        "transparent memory encryption");
        if (forbidden(policy_.platformAllowTio))
            platformBit(PlatformBit::Tio, "platform_info.allow_tio", false, "trusted I/O");
        if (policy_.platformRequireEcc)
            platformBit(PlatformBit::Ecc, "platform_info.require_ecc", true, "ECC memory");
        if (policy_.platformRequireRaplDisabled)
            platformBit(PlatformBit::RaplDisabled, "platform_info.require_rapl_disabled", true,
                        "RAPL switched off");
        if (policy_.platformRequireCiphertextHiding)
            platformBit(PlatformBit::CiphertextHiding, "platform_info.require_ciphertext_hiding", true,
                        "ciphertext hiding");
        if (policy_.platformRequireAliasCheck)
            platformBit(PlatformBit::AliasCheck, "platform_info.require_alias_check", true,
                        "a complete memory alias check");
    }

    void vmpl()
    {
        const std::string actual = std::to_string(report_.vmpl);
        if (policy_.vmpl)
            add("vmpl", "vmpl", report_.vmpl == *policy_.vmpl, "privilege level that asked for the report",
                std::to_string(*policy_.vmpl), actual);
        if (policy_.vmplMax)
            add("vmpl", "vmpl_max", report_.vmpl <= *policy_.vmplMax,
                "privilege level that asked for the report", "at most " + std::to_string(*policy_.vmplMax),
                actual);
    }

    void signers()
    {
        if (!policy_.allowedSigningKeys.empty()) {
            const std::string actual = report_.signingKey() == SigningKey::Vcek   ? "VCEK"
                                       : report_.signingKey() == SigningKey::Vlek ? "VLEK"
                                                                                  : "none";
            const auto& allowed = policy_.allowedSigningKeys;
            add("signing_key", "allowed_signing_keys",
                std::find(allowed.begin(), allowed.end(), actual) != allowed.end(), "kind of the signing key",
                allowed.size() == 2 ? "VCEK or VLEK" : allowed.front(), actual);
        }
        const bool authorTrusted =
            report_.authorKeyEnabled() && contains(policy_.trustedAuthorKeyDigests, report_.authorKeyDigest);
        if (policy_.requireIdBlock || (!policy_.trustedIdKeyDigests.empty() && !policy_.requireAuthorKey)) {
            const bool kept = !kit::isZero(report_.idKeyDigest) &&
                              (contains(policy_.trustedIdKeyDigests, report_.idKeyDigest) || authorTrusted);
            add("id_key", policy_.requireIdBlock ? "require_id_block" : "trusted_id_key_digests", kept,
                kit::isZero(report_.idKeyDigest) ? "the guest was launched without an ID block"
                                                 : "key of the ID block",
                joined(policy_.trustedIdKeyDigests), kit::toHex(report_.idKeyDigest));
        }
        if (policy_.requireAuthorKey)
            add("author_key", "require_author_key", authorTrusted && !kit::isZero(report_.idKeyDigest),
                report_.authorKeyEnabled() ? "author key of the ID block"
                                           : "the guest was launched without an author key",
                joined(policy_.trustedAuthorKeyDigests), kit::toHex(report_.authorKeyDigest));
        oneOf("chip_id", policy_.chipIds, report_.chipId);
        if (policy_.requireChipId)
            add("chip_id", "require_chip_id", !report_.chipIdMasked(),
                report_.chipIdMasked() ? "the host masks the chip's id" : "the report shows the chip's id");
    }

    void mitigation(std::string_view rule, std::uint64_t wanted, std::uint64_t actual)
    {
        if (wanted == 0)
            return;
        const bool hasVector = report_.version >= 5;
        add(rule, rule, hasVector && (actual & wanted) == wanted,
            hasVector ? "mitigations of the platform" : "reports before version 5 do not show mitigations",
            kit::hexNumber(wanted), kit::hexNumber(actual));
    }

    void mitigations()
    {
        mitigation("minimum_launch_mit_vector", policy_.minimumLaunchMitVector, report_.launchMitVector);
        mitigation("minimum_current_mit_vector", policy_.minimumCurrentMitVector, report_.currentMitVector);
    }

    const Report& report_;
    std::optional<ProductLine> line_;
    const Policy& policy_;
    std::vector<RuleResult> results_;
};

} // namespace

std::vector<RuleResult> appraise(const Report& report, std::optional<ProductLine> line, const Policy& policy)
{
    return Appraisal(report, line, policy).run();
}

} // namespace teehost::sev_snp
