// SPDX-License-Identifier: Apache-2.0
//
// JSON of somebody we do not trust, as QMP's lines are: what is accepted is UTF-8, nests no deeper than asked
// for, survives being written and read again, and has no member whose name or kind a reader must fear.
#include "host/base/json.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/fuzz/property.h"

namespace {

using namespace teehost;
using nlohmann::json;

unsigned depthOf(const json& value)
{
    unsigned deepest = 0;
    if (value.is_structured())
        for (const auto& child : value)
            deepest = std::max(deepest, depthOf(child));
    return value.is_structured() ? deepest + 1 : 0;
}

/// The look that host/vm/qmp_client.cpp takes at a line.
void readAsQmp(const json& message)
{
    if (!message.is_object() || message.contains("QMP"))
        return;
    if (const auto event = message.find("event"); event != message.end() && event->is_string()) {
        fuzz::require(isUtf8(event->get<std::string>()), "the name of an event is UTF-8");
        const auto data = message.value("data", json::object());
        fuzz::require(!message.contains("data") || data == message.at("data"), "an event keeps its data");
    } else if (const auto id = message.find("id"); id != message.end() && id->is_number_unsigned()) {
        fuzz::require(json(id->get<std::uint64_t>()) == *id, "an id is the number that was sent");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = fuzz::asText(data, size);
    const auto parsed = fuzz::unlessMalformed([&] { return parseUntrustedJson(text); });
    if (!parsed)
        return 0;
    const auto depth = depthOf(*parsed);
    fuzz::require(depth <= 32, "accepted JSON nests at most 32 deep");
    const std::string written = parsed->dump(); // throws on what is not UTF-8
    fuzz::require(std::none_of(written.begin(), written.end(), [](unsigned char c) { return c < 0x20; }),
                  "written JSON is one line");
    fuzz::require(parseUntrustedJson(written) == *parsed, "JSON survives being written and read again");
    fuzz::require(!fuzz::unlessMalformed([&] { return parseUntrustedJson(std::string(text) + "1]"); }),
                  "nothing may follow the value");
    fuzz::require(parseUntrustedJson(written, depth) == *parsed, "the depth it has is enough");
    fuzz::require(depth == 0 ||
                      !fuzz::unlessMalformed([&] { return parseUntrustedJson(written, depth - 1); }),
                  "one level less is not");
    readAsQmp(*parsed);
    return 0;
}
