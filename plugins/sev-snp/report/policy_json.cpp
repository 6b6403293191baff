// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <functional>

#include <nlohmann/json.hpp>

#include <teehost/kit/file.h>

#include "input_error.h"
#include "report/policy.h"

namespace teehost::sev_snp {
namespace {

using Json = nlohmann::json;

InputError wrong(const std::string& key, const std::string& what)
{
    return {"policy", "the policy's \"" + key + "\" must be " + what};
}

bool boolean(const std::string& key, const Json& value)
{
    if (!value.is_boolean())
        throw wrong(key, "true or false");
    return value.get<bool>();
}

/// A number, or text: decimal, or hexadecimal with 0x (JSON has no hexadecimal, and bits are written so).
std::uint64_t number(const std::string& key, const Json& value, std::uint64_t most = UINT64_MAX)
{
    std::uint64_t out = 0;
    bool valid = value.is_number_unsigned();
    if (valid) {
        out = value.get<std::uint64_t>();
    } else if (value.is_string()) {
        std::string_view text = value.get_ref<const std::string&>();
        const int base = text.starts_with("0x") ? 16 : 10;
        text.remove_prefix(base == 16 ? 2 : 0);
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
        valid = !text.empty() && error == std::errc() && end == text.data() + text.size();
    }
    if (!valid || out > most)
        throw wrong(key, "a number from 0 to " + std::to_string(most));
    return out;
}

kit::Bytes bytes(const std::string& key, const Json& value, std::size_t size)
{
    const auto decoded = value.is_string() ? kit::fromHex(value.get_ref<const std::string&>()) : std::nullopt;
    if (!decoded || decoded->size() != size)
        throw wrong(key, std::to_string(size) + " bytes in hexadecimal, or a list of such");
    return *decoded;
}

std::vector<kit::Bytes> bytesList(const std::string& key, const Json& value, std::size_t size)
{
    std::vector<kit::Bytes> list;
    if (!value.is_array())
        list.push_back(bytes(key, value, size));
    else
        for (const Json& element : value)
            list.push_back(bytes(key, element, size));
    if (list.empty())
        throw wrong(key, "a list with something in it: nothing can equal an element of an empty one");
    return list;
}

/// A list in which nobody is, is one too: then nobody is trusted.
std::vector<kit::Bytes> trustedList(const std::string& key, const Json& value)
{
    constexpr std::size_t kDigest = 48;
    return value.is_array() && value.empty() ? std::vector<kit::Bytes>() : bytesList(key, value, kDigest);
}

/// 64 bytes, or the 8 that Turin has with zeros behind them.
std::vector<kit::Bytes> chipList(const std::string& key, const Json& value)
{
    constexpr std::size_t kChip = 64, kShortText = 16;
    std::vector<kit::Bytes> list;
    for (const Json& element : value.is_array() ? value : Json::array({value})) {
        const bool isShort =
            element.is_string() && element.get_ref<const std::string&>().size() == kShortText;
        list.push_back(bytes(key, element, isShort ? kShortText / 2 : kChip));
        list.back().resize(kChip);
    }
    if (list.empty())
        throw wrong(key, "a list with something in it");
    return list;
}

/// 64 bytes, or 32 that zeros follow.
std::vector<kit::Bytes> reportDataList(const std::string& key, const Json& value)
{
    const auto one = [&](const Json& element) {
        const bool isShort = element.is_string() && element.get_ref<const std::string&>().size() == 64;
        kit::Bytes data = bytes(key, element, isShort ? 32 : 64);
        data.resize(64);
        return data;
    };
    std::vector<kit::Bytes> list;
    for (const Json& element : value.is_array() ? value : Json::array({value}))
        list.push_back(one(element));
    if (list.empty())
        throw wrong(key, "a list with something in it");
    return list;
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
        floor[name] = static_cast<std::uint8_t>(number(key + "." + name, component, 255));
    }
    return floor;
}

std::vector<std::string> signingKeys(const std::string& key, const Json& value)
{
    std::vector<std::string> names;
    for (const Json& element : value.is_array() ? value : Json::array({value})) {
        if (element != "VCEK" && element != "VLEK")
            throw wrong(key, "a list of VCEK and VLEK");
        names.push_back(element);
    }
    if (names.empty())
        throw wrong(key, "a list with something in it");
    return names;
}

CrlMode crlMode(const std::string& key, const Json& value)
{
    if (value == "off")
        return CrlMode::Off;
    if (value == "if-present")
        return CrlMode::IfPresent;
    if (value == "required")
        return CrlMode::Required;
    throw wrong(key, "off, if-present or required");
}

using Setter = std::function<void(Policy&, const std::string& key, const Json& value)>;

Setter flag(bool Policy::*member)
{
    return [=](Policy& p, const std::string& key, const Json& value) { p.*member = boolean(key, value); };
}
Setter right(std::optional<bool> Policy::*member)
{
    return [=](Policy& p, const std::string& key, const Json& value) { p.*member = boolean(key, value); };
}
Setter list(std::vector<kit::Bytes> Policy::*member, std::size_t size)
{
    return [=](Policy& p, const std::string& key, const Json& value) {
        p.*member = bytesList(key, value, size);
    };
}
Setter trusted(std::vector<kit::Bytes> Policy::*member)
{
    return [=](Policy& p, const std::string& key, const Json& value) { p.*member = trustedList(key, value); };
}
Setter chips()
{
    return [](Policy& p, const std::string& key, const Json& value) { p.chipIds = chipList(key, value); };
}
template <class Member>
Setter count(Member Policy::*member, std::uint64_t most = UINT64_MAX)
{
    return
        [=](Policy& p, const std::string& key, const Json& value) { p.*member = number(key, value, most); };
}

using Setters = std::map<std::string, Setter, std::less<>>;

void readObject(Policy& policy, const Json& object, const Setters& setters, const std::string& prefix)
{
    for (const auto& [name, value] : object.items()) {
        const auto setter = setters.find(name);
        if (setter == setters.end())
            throw InputError("policy", "the policy has the unknown rule \"" + prefix + name + "\"");
        setter->second(policy, prefix + name, value);
    }
}

const Setters& platformSetters()
{
    static const Setters setters{
        {"allow_smt", right(&Policy::platformAllowSmt)},
        {"allow_tsme", right(&Policy::platformAllowTsme)},
        {"allow_tio", right(&Policy::platformAllowTio)},
        {"require_ecc", flag(&Policy::platformRequireEcc)},
        {"require_rapl_disabled", flag(&Policy::platformRequireRaplDisabled)},
        {"require_ciphertext_hiding", flag(&Policy::platformRequireCiphertextHiding)},
        {"require_alias_check", flag(&Policy::platformRequireAliasCheck)}};
    return setters;
}

const Setters& policySetters()
{
    static const Setters setters{
        {"measurement", list(&Policy::measurement, 48)},
        {"report_data",
         [](Policy& p, const std::string& k, const Json& v) { p.reportData = reportDataList(k, v); }},
        {"host_data", list(&Policy::hostData, 32)},
        {"family_id", list(&Policy::familyId, 16)},
        {"image_id", list(&Policy::imageId, 16)},
        {"report_id", list(&Policy::reportId, 32)},
        {"report_id_ma", list(&Policy::reportIdMa, 32)},
        {"chip_id", chips()},
        {"chip_ids", chips()},
        {"allow_debug", right(&Policy::allowDebug)},
        {"allow_migration_agent", right(&Policy::allowMigrationAgent)},
        {"allow_smt", right(&Policy::allowSmt)},
        {"allow_cxl", right(&Policy::allowCxl)},
        {"require_single_socket", flag(&Policy::requireSingleSocket)},
        {"require_aes_256_xts", flag(&Policy::requireAes256Xts)},
        {"require_rapl_disabled", flag(&Policy::requireRaplDisabled)},
        {"require_ciphertext_hiding", flag(&Policy::requireCiphertextHiding)},
        {"require_page_swap_disabled", flag(&Policy::requirePageSwapDisabled)},
        {"minimum_abi",
         [](Policy& p, const std::string& k, const Json& v) {
             const auto parts = versionParts(k, v, 2);
             p.minimumAbi = {parts[0], parts[1]};
         }},
        {"minimum_guest_svn", count(&Policy::minimumGuestSvn, UINT32_MAX)},
        {"minimum_tcb",
         [](Policy& p, const std::string& k, const Json& v) { p.minimumTcb = tcbFloor(k, v); }},
        {"minimum_launch_tcb",
         [](Policy& p, const std::string& k, const Json& v) { p.minimumLaunchTcb = tcbFloor(k, v); }},
        {"require_committed_equals_current", flag(&Policy::requireCommittedEqualsCurrent)},
        {"minimum_fw",
         [](Policy& p, const std::string& k, const Json& v) {
             const auto parts = versionParts(k, v, 3);
             p.minimumFw = FirmwareVersion{parts[0], parts[1], parts[2]};
         }},
        {"platform_info",
         [](Policy& p, const std::string& k, const Json& v) {
             if (!v.is_object())
                 throw wrong(k, "an object");
             readObject(p, v, platformSetters(), k + ".");
         }},
        {"vmpl", count(&Policy::vmpl, UINT32_MAX)},
        {"vmpl_max", count(&Policy::vmplMax, 3)},
        {"allowed_signing_keys",
         [](Policy& p, const std::string& k, const Json& v) { p.allowedSigningKeys = signingKeys(k, v); }},
        {"require_id_block", flag(&Policy::requireIdBlock)},
        {"trusted_id_key_digests", trusted(&Policy::trustedIdKeyDigests)},
        {"require_author_key", flag(&Policy::requireAuthorKey)},
        {"trusted_author_key_digests", trusted(&Policy::trustedAuthorKeyDigests)},
        {"minimum_launch_mit_vector", count(&Policy::minimumLaunchMitVector)},
        {"minimum_current_mit_vector", count(&Policy::minimumCurrentMitVector)},
        {"require_chip_id", flag(&Policy::requireChipId)},
        {"crl", [](Policy& p, const std::string& k, const Json& v) { p.crl = crlMode(k, v); }},
        {"allow_newer_report_version", flag(&Policy::allowNewerReportVersion)}};
    return setters;
}

} // namespace

Policy Policy::parse(std::string_view json)
{
    const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object())
        throw InputError("policy", "the policy is not a JSON object");
    Policy policy;
    readObject(policy, document, policySetters(), "");
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

Policy withDefaults(Policy policy)
{
    policy.allowDebug = policy.allowDebug.value_or(false);
    policy.allowMigrationAgent = policy.allowMigrationAgent.value_or(false);
    return policy;
}

} // namespace teehost::sev_snp
