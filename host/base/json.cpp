// SPDX-License-Identifier: Apache-2.0
#include "host/base/json.h"

#include <nlohmann/json.hpp>

#include "host/base/error.h"

namespace teehost {
namespace {

/// nlohmann-json parses any depth; here the brackets outside strings are counted before it is asked.
bool nestsDeeper(std::string_view text, unsigned maxDepth)
{
    unsigned depth = 0;
    bool inString = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inString) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '{' || c == '[') {
            if (++depth > maxDepth)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return false;
}

} // namespace

nlohmann::json parseUntrustedJson(std::string_view text, unsigned maxDepth)
{
    if (nestsDeeper(text, maxDepth))
        throw InvalidArgument("JSON nests deeper than " + std::to_string(maxDepth) + " levels");
    auto value = nlohmann::json::parse(text, nullptr, false);
    // nlohmann-json takes a NUL for the end of the text and passes over what follows it.
    if (value.is_discarded() || text.find('\0') != std::string_view::npos)
        throw InvalidArgument("malformed JSON");
    return value;
}

} // namespace teehost
