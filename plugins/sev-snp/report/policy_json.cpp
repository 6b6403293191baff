// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>

#include <teehost/kit/policy_json.h>

#include "input_error.h"
#include "report/policy.h"

namespace teehost::sev_snp {
namespace {

using kit::Json, kit::listRule, kit::ruleOf;
using kit::policy::flag, kit::policy::wrong;
using Rules = kit::PolicyRules<Policy>;

/// A list in which nobody is, is one too: then nobody is trusted.
std::vector<kit::Bytes> trustedList(const std::string& key, const Json& value)
{
    constexpr std::size_t kDigest = 48;
    return value.is_array() && value.empty() ? std::vector<kit::Bytes>()
                                             : kit::policy::several(key, value, kit::policy::sized(kDigest));
}

std::vector<std::uint8_t> versionParts(const std::string& key, const Json& value, std::size_t count)
{
    std::vector<std::uint8_t> parts;
    std::string_view text =
        value.is_string() ? std::string_view(value.get_ref<const std::string&>()) : std::string_view();
    while (!text.empty()) {
        std::uint8_t part = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
        const bool more = end != text.data() + text.size();
        if (error != std::errc() || (more && (*end != '.' || end + 1 == text.data() + text.size())))
            throw wrong(key, "a version like 1.55.21, no part above 255");
        parts.push_back(part);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()) + (more ? 1 : 0));
    }
    if (parts.size() != count)
        throw wrong(key, "a version of " + std::to_string(count) + " numbers");
    return parts;
}

Policy::TcbFloor tcbFloor(const std::string& key, const Json& value)
{
    if (!value.is_object())
        throw wrong(key, "an object with some of fmc, boot_loader, tee, snp, microcode");
    Policy::TcbFloor floor;
    for (const auto& [name, component] : value.items()) {
        if (name != "fmc" && name != "boot_loader" && name != "tee" && name != "snp" && name != "microcode")
            throw wrong(key, "of fmc, boot_loader, tee, snp, microcode; \"" + name + "\" is none of them");
        floor[name] = static_cast<std::uint8_t>(kit::policy::number(key + "." + name, component, 255));
    }
    return floor;
}

std::string signingKey(const std::string& key, const Json& value)
{
    if (value != "VCEK" && value != "VLEK")
        throw wrong(key, "a list of VCEK and VLEK");
    return value;
}

CrlMode crlMode(const std::string& key, const Json& value)
{
    using Word = kit::policy::Word<CrlMode>;
    static constexpr std::array kWords{Word{"off", CrlMode::Off}, Word{"if-present", CrlMode::IfPresent},
                                       Word{"required", CrlMode::Required}};
    return kit::policy::choice<CrlMode>(key, value, kWords);
}

std::pair<std::uint8_t, std::uint8_t> abiVersion(const std::string& key, const Json& value)
{
    const auto parts = versionParts(key, value, 2);
    return {parts[0], parts[1]};
}

FirmwareVersion firmwareVersion(const std::string& key, const Json& value)
{
    const auto parts = versionParts(key, value, 3);
    return {parts[0], parts[1], parts[2]};
}

const Rules& platformRules()
{
    static const Rules rules{
        {"allow_smt", ruleOf(&Policy::platformAllowSmt, flag)},
        {"allow_tsme", ruleOf(&Policy::platformAllowTsme, flag)},
        {"allow_tio", ruleOf(&Policy::platformAllowTio, flag)},
        {"require_ecc", ruleOf(&Policy::platformRequireEcc, flag)},
        {"require_rapl_disabled", ruleOf(&Policy::platformRequireRaplDisabled, flag)},
        {"require_ciphertext_hiding", ruleOf(&Policy::platformRequireCiphertextHiding, flag)},
        {"require_alias_check", ruleOf(&Policy::platformRequireAliasCheck, flag)}};
    return rules;
}

const Rules& policyRules()
{
    using kit::policy::padded, kit::policy::sized, kit::policy::upTo;
    static const auto chips = listRule(&Policy::chipIds, padded(64, 8)); // a chip id of Turin has 8 bytes
    static const Rules rules{
        {"measurement", listRule(&Policy::measurement, sized(48))},
        {"report_data", listRule(&Policy::reportData, padded(64, 32))},
        {"host_data", listRule(&Policy::hostData, sized(32))},
        {"family_id", listRule(&Policy::familyId, sized(16))},
        {"image_id", listRule(&Policy::imageId, sized(16))},
        {"report_id", listRule(&Policy::reportId, sized(32))},
        {"report_id_ma", listRule(&Policy::reportIdMa, sized(32))},
        {"chip_id", chips},
        {"chip_ids", chips},
        {"allow_debug", ruleOf(&Policy::allowDebug, flag)},
        {"allow_migration_agent", ruleOf(&Policy::allowMigrationAgent, flag)},
        {"allow_smt", ruleOf(&Policy::allowSmt, flag)},
        {"allow_cxl", ruleOf(&Policy::allowCxl, flag)},
        {"require_single_socket", ruleOf(&Policy::requireSingleSocket, flag)},
        {"require_aes_256_xts", ruleOf(&Policy::requireAes256Xts, flag)},
        {"require_rapl_disabled", ruleOf(&Policy::requireRaplDisabled, flag)},
        {"require_ciphertext_hiding", ruleOf(&Policy::requireCiphertextHiding, flag)},
        {"require_page_swap_disabled", ruleOf(&Policy::requirePageSwapDisabled, flag)},
        {"minimum_abi", ruleOf(&Policy::minimumAbi, abiVersion)},
        {"minimum_guest_svn", ruleOf(&Policy::minimumGuestSvn, upTo(UINT32_MAX))},
        {"minimum_tcb", ruleOf(&Policy::minimumTcb, tcbFloor)},
        {"minimum_launch_tcb", ruleOf(&Policy::minimumLaunchTcb, tcbFloor)},
        {"require_committed_equals_current", ruleOf(&Policy::requireCommittedEqualsCurrent, flag)},
        {"minimum_fw", ruleOf(&Policy::minimumFw, firmwareVersion)},
        {"platform_info",
         [](Policy& p, const std::string& key, const Json& value) { platformRules().read(p, value, key); }},
        {"vmpl", ruleOf(&Policy::vmpl, upTo(UINT32_MAX))},
        {"vmpl_max", ruleOf(&Policy::vmplMax, upTo(3))},
        {"allowed_signing_keys", listRule(&Policy::allowedSigningKeys, signingKey)},
        {"require_id_block", ruleOf(&Policy::requireIdBlock, flag)},
        {"trusted_id_key_digests", ruleOf(&Policy::trustedIdKeyDigests, trustedList)},
        {"require_author_key", ruleOf(&Policy::requireAuthorKey, flag)},
        {"trusted_author_key_digests", ruleOf(&Policy::trustedAuthorKeyDigests, trustedList)},
        {"minimum_launch_mit_vector", ruleOf(&Policy::minimumLaunchMitVector, upTo(UINT64_MAX))},
        {"minimum_current_mit_vector", ruleOf(&Policy::minimumCurrentMitVector, upTo(UINT64_MAX))},
        {"require_chip_id", ruleOf(&Policy::requireChipId, flag)},
        {"crl", ruleOf(&Policy::crl, crlMode)},
        {"allow_newer_report_version", ruleOf(&Policy::allowNewerReportVersion, flag)}};
    return rules;
}

} // namespace

Policy Policy::parse(std::string_view json)
{
    const Json document = kit::policy::document(json);
    Policy policy;
    policyRules().read(policy, document);
    const bool namesIdKeys = document.contains("trusted_id_key_digests");
    const bool namesAuthors = document.contains("trusted_author_key_digests");
    if (policy.requireIdBlock && !namesIdKeys && !namesAuthors)
        throw InputError(
            "policy",
            "\"require_id_block\" needs \"trusted_id_key_digests\" or \"trusted_author_key_digests\": "
            "anybody can make an ID block with a key of his own");
    if (policy.requireAuthorKey && !namesAuthors)
        throw InputError("policy", "\"require_author_key\" needs \"trusted_author_key_digests\"");
    return policy;
}

} // namespace teehost::sev_snp
