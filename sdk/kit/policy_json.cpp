// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/policy_json.h"

#include <charconv>

namespace teehost::kit::policy {

Json document(std::string_view text)
{
    Json out = withReason("policy", [&] { return parseJson(text, "the policy"); });
    if (!out.is_object())
        throw InputError("policy", "the policy is not a JSON object");
    return out;
}

InputError wrong(const std::string& key, const std::string& what)
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

std::uint64_t number(const std::string& key, const Json& value, std::uint64_t most)
{
    std::uint64_t out = 0;
    bool valid = value.is_number_unsigned();
    if (valid) {
        out = value.get<std::uint64_t>();
    } else if (value.is_string()) {
        std::string_view digits = value.get_ref<const std::string&>();
        const int base = digits.starts_with("0x") ? 16 : 10;
        digits.remove_prefix(base == 16 ? 2 : 0);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, base);
        valid = !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
    }
    if (!valid || out > most)
        throw wrong(key, "a number from 0 to " + std::to_string(most));
    return out;
}

Bytes bytes(const std::string& key, const Json& value, std::size_t least, std::size_t most)
{
    auto decoded = value.is_string() ? fromHex(value.get_ref<const std::string&>()) : std::nullopt;
    if (!decoded || decoded->size() < least || decoded->size() > most)
        throw wrong(key, (least == most ? std::to_string(least) + " " : "") +
                             "bytes in hexadecimal, or a list of such");
    return *std::move(decoded);
}

} // namespace teehost::kit::policy
