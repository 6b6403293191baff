// SPDX-License-Identifier: Apache-2.0
#include "host/launch/qemu_args.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/json.h"
#include "host/base/text.h"

namespace teehost::launch {
namespace {

constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+";

void refuseControl(std::string_view what, std::string_view value)
{
    const bool control = std::any_of(
        value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    if (control)
        throw Error(Category::InvalidArgument, "the QEMU option " + printable(what) +
                                                   " contains a control character: \"" +
                                                   printable(value.substr(0, 200)) + "\"");
}

void requireName(std::string_view what, std::string_view name)
{
    if (name.empty() || name.find_first_not_of(kNameCharacters) != std::string_view::npos)
        throw Error(Category::InvalidArgument, "\"" + printable(name.substr(0, 200)) + "\" cannot be a " +
                                                   std::string(what) + " of a QEMU option");
}

} // namespace

std::string escapeOptionValue(std::string_view value)
{
    std::string out;
    for (const char c : value) {
        out += c;
        if (c == ',')
            out += ',';
    }
    return out;
}

void QemuArgs::flag(std::string_view name) { argv_.emplace_back(name); }

void QemuArgs::whole(std::string_view name, std::string_view value)
{
    refuseControl(name, value);
    argv_.emplace_back(name);
    argv_.emplace_back(value);
}

void QemuArgs::option(std::string_view name, std::string_view driver, const plugin::Properties& properties)
{
    std::string text;
    if (!driver.empty()) {
        requireName("driver", driver);
        text = driver;
    }
    for (const auto& property : properties) {
        requireName("property", property.key);
        refuseControl(name, property.value);
        text += (text.empty() ? "" : ",") + property.key + "=" + escapeOptionValue(property.value);
    }
    argv_.emplace_back(name);
    argv_.push_back(std::move(text));
}

void QemuArgs::extended(std::string_view name, std::string_view text, const plugin::Properties& properties)
{
    refuseControl(name, text);
    option(name, "", properties);
    argv_.back() = std::string(text) + (argv_.back().empty() ? "" : ",") + argv_.back();
}

void QemuArgs::json(std::string_view name, const std::string& text)
{
    const auto parsed = parseUntrustedJson(text); // bounds the depth: dump() recurses
    if (!parsed.is_object())
        throw Error(Category::InvalidArgument,
                    "the JSON of a QEMU option " + printable(name) + " is not an object");
    argv_.emplace_back(name);
    argv_.push_back(parsed.dump());
}

void QemuArgs::raw(std::string argument)
{
    refuseControl("given as it is", argument);
    argv_.push_back(std::move(argument));
}

std::string shellCommand(const std::vector<std::string>& argv)
{
    std::string out;
    for (const auto& argument : argv)
        out += (out.empty() ? "" : " ") + shellQuoted(argument);
    return out;
}

} // namespace teehost::launch
