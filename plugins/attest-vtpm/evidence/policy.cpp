// SPDX-License-Identifier: Apache-2.0
#include "evidence/policy.h"

#include <algorithm>
#include <array>

#include <teehost/kit/policy_json.h>

#include "evidence/evidence.h"

namespace teehost::vtpm {
namespace {

using kit::Json, kit::listRule, kit::ruleOf;
using kit::policy::flag, kit::policy::several, kit::policy::text, kit::policy::wrong;

using BindingName = kit::policy::Word<AkBinding>;
constexpr std::array kBindings{
    BindingName{"activated", AkBinding::Activated}, BindingName{"pinned", AkBinding::Pinned},
    BindingName{"ak-certificate", AkBinding::AkCertificate},
    BindingName{"guest-asserted", AkBinding::GuestAsserted}, BindingName{"none", AkBinding::None}};

kit::Bytes bytes(const std::string& key, const Json& value)
{
    constexpr std::size_t kMost = 66; // a name is a digest with its algorithm
    return kit::policy::bytes(key, value, 1, kMost);
}

/// A digest of a bank that may be relied on.
kit::Bytes digest(const std::string& key, const Json& value)
{
    auto out = bytes(key, value);
    if (out.size() != 32 && out.size() != 48 && out.size() != 64)
        throw wrong(key, "a digest of SHA-256, SHA-384 or SHA-512 in hexadecimal, or a list of such");
    return out;
}

std::uint32_t pcrIndex(const std::string& key, const Json& value)
{
    // 16 and 23 can be reset by the guest (TCG PC Client Platform TPM Profile, section 4.6.2).
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= kPcrs || value == 16 || value == 23)
        throw wrong(key, "a PCR from 0 to 22, and not 16, which the guest can reset");
    return value.get<std::uint32_t>();
}

AkBinding binding(const std::string& key, const Json& value)
{
    return kit::policy::choice<AkBinding>(key, value, kBindings);
}

std::vector<PcrRule> pcrRules(const std::string& key, const Json& value)
{
    std::vector<PcrRule> rules;
    if (!value.is_object())
        throw wrong(key, "an object of banks");
    for (const auto& [name, pcrs] : value.items()) {
        const auto bank = bankNamed(name);
        if (!bank || bank == HashAlgorithm::Sha1 || !pcrs.is_object())
            throw wrong(key, "of the banks sha256, sha384, sha512");
        for (const auto& [index, digests] : pcrs.items()) {
            const Json number = Json::parse(index, nullptr, /*allow_exceptions=*/false);
            rules.push_back({*bank, pcrIndex(key, number), several(key, digests, bytes)});
            for (const auto& one : rules.back().digests)
                if (one.size() != kit::sizeOf(*bank))
                    throw wrong(key, "digests as long as their bank's");
        }
    }
    return rules;
}

ImaPolicy::Allowed allowed(const std::string& key, const Json& value)
{
    if (!value.is_object() || !value.contains("path"))
        throw wrong(key, "a list of objects with a path, and digests");
    ImaPolicy::Allowed out;
    for (const auto& [name, member] : value.items()) {
        if (name == "path")
            out.path = text(key, member);
        else if (name == "digests")
            out.digests = several(key, member, bytes);
        else
            throw wrong(key, "of path and digests; \"" + name + "\" is neither");
    }
    return out;
}

ImaPolicy imaPolicy(const std::string& key, const Json& value)
{
    if (!value.is_object())
        throw wrong(key, "an object");
    ImaPolicy out;
    for (const auto& [name, member] : value.items()) {
        if (name == "required")
            out.required = flag(key + "." + name, member);
        else if (name == "allow")
            out.allow = several(key + "." + name, member, allowed);
        else
            throw wrong(key, "of required and allow; \"" + name + "\" is neither");
    }
    return out;
}

const kit::PolicyRules<Policy>& rules()
{
    static const kit::PolicyRules<Policy> kRules{
        {"ak_binding", listRule(&Policy::akBindings, binding)},
        {"ak_names", listRule(&Policy::akNames, bytes)},
        {"required_pcrs", listRule(&Policy::requiredPcrs, pcrIndex)},
        {"pcrs", ruleOf(&Policy::pcrs, pcrRules)},
        {"require_event_log", ruleOf(&Policy::requireEventLog, flag)},
        {"secure_boot", ruleOf(&Policy::secureBoot, flag)},
        {"kernel_digest", listRule(&Policy::kernelDigests, digest)},
        {"command_line", listRule(&Policy::commandLines, text)},
        {"ima", ruleOf(&Policy::ima, imaPolicy)},
        {"tee_nonce", ruleOf(&Policy::teeNonce, bytes)},
        {"vm_id", ruleOf(&Policy::vmId, text)}};
    return kRules;
}

} // namespace

std::string_view nameOf(AkBinding binding) noexcept
{
    for (const BindingName& one : kBindings)
        if (one.value == binding)
            return one.name;
    return "unknown";
}

Policy Policy::parse(std::string_view json)
{
    Policy policy;
    rules().read(policy, kit::policy::document(json));
    return policy;
}

bool matches(std::string_view pattern, std::string_view text) noexcept
{
    constexpr std::size_t kNone = std::string_view::npos;
    std::size_t p = 0, t = 0, star = kNone, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != kNone) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == kNone;
}

} // namespace teehost::vtpm
