// SPDX-License-Identifier: Apache-2.0
#include "cli/explain/log_text.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/output/utf8.h"
#include "host/base/text.h"

namespace teehost::cli {
namespace {

using nlohmann::json;

void addLines(std::vector<LogLine>& out, std::size_t number, std::string_view text)
{
    while (!text.empty()) {
        const std::size_t end = text.find_first_of("\r\n");
        const auto line = asUtf8(trim(text.substr(0, end)), kMaxLogLineBytes);
        if (!line.empty())
            out.push_back({number, std::string(trim(line))});
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
}

/// journald writes a field that is not UTF-8 as an array of bytes (systemd, "Journal Export Formats").
std::string fromBytes(const json& array)
{
    std::string out;
    for (const json& one : array)
        if (one.is_number_unsigned() && one.get<std::uint64_t>() < 256)
            out += static_cast<char>(one.get<std::uint64_t>());
    return out;
}

void addTexts(std::vector<LogLine>& out, std::size_t number, const json& value)
{
    if (value.is_string())
        addLines(out, number, value.get_ref<const std::string&>());
    else if (value.is_array() && !value.empty() && value.front().is_number())
        addLines(out, number, fromBytes(value));
    else if (value.is_structured())
        for (const json& inner : value)
            addTexts(out, number, inner);
}

/// Nesting beyond this is no log of any program.
constexpr int kMaxJsonDepth = 16;

json parseObject(std::string_view line)
{
    int deepest = 0;
    const auto shallow = [&](int depth, json::parse_event_t, json&) {
        deepest = std::max(deepest, depth);
        return depth <= kMaxJsonDepth;
    };
    json value = json::parse(line, shallow, /*allow_exceptions=*/false);
    return deepest > kMaxJsonDepth ? json(json::value_t::discarded) : value;
}

} // namespace

std::vector<LogLine> logLines(std::string_view text)
{
    std::vector<LogLine> out;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trim(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (line.starts_with('{') && line.ends_with('}'))
            if (const json object = parseObject(line); object.is_object()) {
                addTexts(out, number, object);
                continue;
            }
        addLines(out, number, line);
    }
    return out;
}

std::string whyNoText(std::string_view text)
{
    using namespace std::string_view_literals;
    struct Kind {
        std::string_view magic, instead;
    };
    static constexpr Kind kinds[] = {
        {"\x1f\x8b"sv, "is compressed: zcat FILE | teehost explain -"},
        {"\xfd\x37\x7a\x58\x5a"sv, "is compressed: xzcat FILE | teehost explain -"},
        {"\x28\xb5\x2f\xfd"sv, "is compressed: zstdcat FILE | teehost explain -"},
        {"LPKSHHRH"sv, "is a journal in its binary form: journalctl --file FILE | teehost explain -"},
    };
    for (const Kind& kind : kinds)
        if (text.starts_with(kind.magic))
            return std::string(kind.instead);
    constexpr std::size_t kLookBytes = 4096;
    const auto head = text.substr(0, kLookBytes);
    if (std::count(head.begin(), head.end(), '\0') > static_cast<std::ptrdiff_t>(head.size() / 8))
        return "is no text: hand over what QEMU or the kernel printed, the VM's qemu.log for instance";
    return {};
}

} // namespace teehost::cli
