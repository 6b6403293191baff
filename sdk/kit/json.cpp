// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/json.h"

#include <set>
#include <string>
#include <vector>

namespace teehost::kit {

Json parseJson(std::string_view text, std::string_view what)
{
    constexpr std::size_t kMostDepth = 32;
    const auto refuse = [&](const std::string& why) { return ParseError(std::string(what) + " " + why, 0); };
    std::vector<std::set<std::string>> open; // the keys of each object that is open; none for an array
    const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
        switch (event) {
        case Json::parse_event_t::object_start:
        case Json::parse_event_t::array_start:
            open.emplace_back();
            if (open.size() > kMostDepth)
                throw refuse("is nested more than 32 levels deep");
            break;
        case Json::parse_event_t::object_end:
        case Json::parse_event_t::array_end:
            open.pop_back();
            break;
        case Json::parse_event_t::key:
            if (!open.back().insert(parsed.get_ref<const std::string&>()).second)
                throw refuse("says one thing twice: a key stands twice in an object");
            break;
        case Json::parse_event_t::value:
            break;
        }
        return true;
    };
    Json document = Json::parse(text, watch, /*allow_exceptions=*/false);
    if (document.is_discarded())
        throw refuse("is not JSON");
    return document;
}

} // namespace teehost::kit
