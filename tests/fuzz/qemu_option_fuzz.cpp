// SPDX-License-Identifier: Apache-2.0
//
// Whatever a driver, its keys and values are, they are refused, or QEMU reads exactly these parts back: no
// value becomes a second option. Input: driver, then key and value in turn; the same values then go through
// the other kinds of option.
#include "host/launch/qemu_args.h"

#include <nlohmann/json.hpp>

#include "tests/fuzz/input.h"

namespace {

using namespace teehost;
using launch::QemuArgs;

/// What QEMU takes for the parts of an option: it ends at a single comma, a doubled one is a literal comma
/// (util/qemu-option.c).
std::vector<std::string> partsOfOption(std::string_view text)
{
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != ',')
            parts.back() += text[i];
        else if (text.substr(i + 1).starts_with(','))
            parts.back() += text[i++];
        else
            parts.emplace_back();
    }
    return parts;
}

void keyValueOption(const std::string& driver, const plugin::Properties& properties)
{
    QemuArgs args("qemu");
    const auto taken =
        fuzz::unlessMalformed([&] { return args.option("-device", driver, properties), true; });
    if (!taken)
        return fuzz::require(args.argv().size() == 1, "what was refused leaves nothing behind");
    fuzz::require(args.argv().size() == 3, "an option is a name and one argument");
    std::vector<std::string> expected;
    if (!driver.empty())
        expected.push_back(driver);
    for (const auto& property : properties)
        expected.push_back(property.key + "=" + property.value);
    if (expected.empty())
        expected.emplace_back();
    const auto parts = partsOfOption(args.argv()[2]);
    fuzz::require(parts == expected, "QEMU reads the parts that were given");
    for (std::size_t i = 0; i < properties.size(); ++i) {
        const auto& part = parts[i + (driver.empty() ? 0 : 1)];
        fuzz::require(part.substr(0, part.find('=')) == properties[i].key, "a key ends at the first =");
    }
    // An argument that starts so is JSON to QEMU, with commas of its own.
    fuzz::require(!args.argv()[2].starts_with('{'), "a key=value option is not taken for JSON");
}

void wholeArguments(const std::string& text)
{
    for (const auto& add : {+[](QemuArgs&args, const std::string&value) { args.whole("-append", value); },
                            +[](QemuArgs&args, const std::string&value) { args.raw(value); }}) {
        QemuArgs args("qemu");
        if (!fuzz::unlessMalformed([&] { return add(args, text), true; }))
            continue;
        fuzz::require(args.argv().back() == text, "a whole argument stays as it is");
        fuzz::require(text.find_first_of(std::string_view("\0\n", 2)) == std::string::npos,
                      "an argument is one line");
    }
}

void jsonOption(const std::string& text)
{
    QemuArgs args("qemu");
    if (!fuzz::unlessMalformed([&] { return args.json("-object", text), true; }))
        return;
    const std::string& written = args.argv().back();
    fuzz::require(written.starts_with('{'), "QEMU takes the argument for JSON");
    fuzz::require(nlohmann::json::parse(written) == nlohmann::json::parse(text),
                  "the JSON is the one that was given");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Input in(data, size);
    const std::string driver = in.text();
    plugin::Properties properties;
    while (!in.empty()) {
        std::string key = in.text();
        properties.push_back({std::move(key), in.text()});
    }
    keyValueOption(driver, properties);
    wholeArguments(driver);
    jsonOption(driver);
    return 0;
}
