// SPDX-License-Identifier: Apache-2.0
#include "evidence/policy.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include <nlohmann/json.hpp>

#include <teehost/kit/input_error.h>

#include "evidence/evidence.h"

namespace teehost::vtpm {
namespace {

using Json = nlohmann::json;

struct BindingName {
    AkBinding binding;
    std::string_view name;
};
constexpr std::array kBindings{
    BindingName{AkBinding::Activated, "activated"}, BindingName{AkBinding::Pinned, "pinned"},
    BindingName{AkBinding::AkCertificate, "ak-certificate"},
    BindingName{AkBinding::GuestAsserted, "guest-asserted"}, BindingName{AkBinding::None, "none"}};

kit::InputError wrong(const std::string& key, const std::string& what)
{
    return {"policy", "the policy's \"" + key + "\" must be " + what};
}

bool flag(const std::string& key, const Json& value)
{
    if (!value.is_boolean())
        throw wrong(key, "true or false");
    return value.get<bool>();
}

std::string text(const std::string& key, const Json& value)
{
    if (!value.is_string() || value.get_ref<const std::string&>().empty())
        throw wrong(key, "text");
    return value.get<std::string>();
}

/// One, or a list with something in it: nothing can equal an element of an empty one.
template <class Read>
auto several(const std::string& key, const Json& value, Read&& read)
{
    std::vector<decltype(read(key, value))> out;
    for (const Json& element : value.is_array() ? value : Json::array({value}))
        out.push_back(read(key, element));
    if (out.empty())
        throw wrong(key, "a list with something in it");
    return out;
}

kit::Bytes bytes(const std::string& key, const Json& value)
{
    auto decoded = value.is_string() ? kit::fromHex(value.get_ref<const std::string&>()) : std::nullopt;
    if (!decoded || decoded->empty() || decoded->size() > 66)
        throw wrong(key, "bytes in hexadecimal, or a list of such");
    return std::move(*decoded);
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
    for (const BindingName& one : kBindings)
        if (value == one.name)
            return one.binding;
    throw wrong(key, "a list of activated, pinned, ak-certificate, guest-asserted, none");
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

using Setter = std::function<void(Policy&, const std::string& key, const Json& value)>;

template <class Member, class Read>
Setter one(Member Policy::*member, Read read)
{
    return [=](Policy& p, const std::string& key, const Json& value) { p.*member = read(key, value); };
}
template <class Element, class Read>
Setter list(std::vector<Element> Policy::*member, Read read)
{
    return
        [=](Policy& p, const std::string& key, const Json& value) { p.*member = several(key, value, read); };
}

const std::map<std::string, Setter, std::less<>>& setters()
{
    static const std::map<std::string, Setter, std::less<>> kSetters{
        {"ak_binding", list(&Policy::akBindings, binding)},
        {"ak_names", list(&Policy::akNames, bytes)},
        {"required_pcrs", list(&Policy::requiredPcrs, pcrIndex)},
        {"pcrs", one(&Policy::pcrs, pcrRules)},
        {"require_event_log", one(&Policy::requireEventLog, flag)},
        {"secure_boot", one(&Policy::secureBoot, flag)},
        {"kernel_digest", list(&Policy::kernelDigests, digest)},
        {"command_line", list(&Policy::commandLines, text)},
        {"ima", one(&Policy::ima, imaPolicy)},
        {"tee_nonce", one(&Policy::teeNonce, bytes)},
        {"vm_id", one(&Policy::vmId, text)}};
    return kSetters;
}

} // namespace

std::string_view nameOf(AkBinding binding) noexcept
{
    for (const BindingName& one : kBindings)
        if (one.binding == binding)
            return one.name;
    return "unknown";
}

Policy Policy::parse(std::string_view json)
{
    const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object())
        throw kit::InputError("policy", "the policy is not a JSON object");
    Policy policy;
    for (const auto& [name, value] : document.items()) {
        const auto setter = setters().find(name);
        if (setter == setters().end())
            throw kit::InputError("policy", "the policy has the unknown rule \"" + name + "\"");
        setter->second(policy, name, value);
    }
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
