// SPDX-License-Identifier: Apache-2.0
#include "host/vm/guest_panic.h"

#include <nlohmann/json.hpp>

#include "host/base/text.h"

namespace teehost::vm {
namespace {

constexpr std::size_t kMostWords = 200;

std::string wordsOf(const nlohmann::json& value)
{
    if (value.is_string())
        return value.get<std::string>();
    return value.is_number() || value.is_boolean() ? value.dump() : std::string();
}

} // namespace

std::string panicWords(const nlohmann::json& data)
{
    const auto info = data.is_object() ? data.find("info") : data.end();
    if (!data.is_object() || info == data.end() || !info->is_object())
        return {};
    std::string out;
    for (const auto& [key, value] : info->items())
        if (const std::string words = wordsOf(value); key != "type" && !words.empty())
            out += (out.empty() ? "" : ", ") + key + "=" + words;
    const auto type = info->find("type");
    if (!out.empty() && type != info->end() && type->is_string())
        out = type->get<std::string>() + ": " + out;
    return printable(out.substr(0, kMostWords));
}

} // namespace teehost::vm
