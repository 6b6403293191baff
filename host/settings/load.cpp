// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <unistd.h>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/settings/settings.h"

namespace teehost::settings {
namespace {

/// A text somebody wrote, and where.
struct Written {
    std::string text;
    std::string source;
    bool unset = false; ///< an empty variable of an option without a default: hides what weaker layers say
};
using Layer = std::map<std::string, Written, std::less<>>; // by option key

std::string suggestion(std::string_view name, const std::vector<std::string>& known)
{
    const auto near = nearest(name, known);
    return near.empty() ? std::string() : ", did you mean " + near + "?";
}

void warnUnknown(std::vector<std::string>& warnings, const std::string& what, std::string_view name,
                 const std::vector<std::string>& known)
{
    warnings.push_back(what + " " + printable(name) + " is not known and has no effect" +
                       suggestion(name, known));
}

Layer fileLayer(const OptionTable& table, const Sources& sources, std::vector<std::string>& warnings)
{
    Layer layer;
    for (const auto& [key, text] : sources.fileValues) {
        if (table.find(key) == nullptr)
            warnUnknown(warnings, "file " + sources.file + ": the key", key, table.keys());
        else if (!text.empty())
            layer[key] = {text, "file " + sources.file, false};
    }
    return layer;
}

/// Variables that mean something to us without being the name of one option.
constexpr std::string_view kGrpcUrl = "MANAGER_GRPC_URL";
constexpr std::string_view kDestinationDisk = "MANAGER_QEMU_DST_DISK_FILE";
constexpr std::string_view kSelectPrefix =
    "MANAGER_QEMU_ENABLE_"; // backend switches, judged by the backend choice

bool isOurs(std::string_view name) { return name.starts_with("MANAGER_") || name.starts_with("COCOS_"); }

/// MANAGER_GRPC_URL is a shorthand of host and port; the two variables of their own are stronger.
void addGrpcUrl(Layer& layer, const Environment& environment)
{
    const auto it = environment.find(kGrpcUrl);
    if (it == environment.end() || it->second.empty())
        return;
    const std::string& url = it->second;
    const std::string source = "environment " + std::string(kGrpcUrl);
    const auto colon = url.rfind(':');
    if (colon == std::string::npos || colon + 1 == url.size() || url.find("://") != std::string::npos)
        throw InvalidArgument(source + ": \"" + printable(url) + "\" is not acceptable", {},
                              "allowed: host:port");
    std::string host = url.substr(0, colon);
    if (host.size() > 1 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    if (!host.empty())
        layer.try_emplace("grpc.host", Written{host, source, false});
    layer.try_emplace("grpc.port", Written{url.substr(colon + 1), source, false});
}

Layer environmentLayer(const OptionTable& table, const Environment& environment,
                       std::vector<std::string>& warnings)
{
    Layer layer;
    for (const auto& spec : table.all())
        for (const auto& name : spec.env) {
            const auto it = environment.find(name);
            if (it == environment.end())
                continue;
            // An empty variable counts as set to the default: it hides what the file says.
            const bool empty = it->second.empty();
            layer.try_emplace(spec.key, Written{empty ? spec.defaultText.value_or("") : it->second,
                                                "environment " + name, empty && !spec.defaultText});
            break;
        }
    addGrpcUrl(layer, environment);
    for (const auto& [name, text] : environment) {
        if (!isOurs(name) || name == kGrpcUrl || table.findByEnvironment(name) != nullptr ||
            name.starts_with(kSelectPrefix))
            continue;
        if (name == kDestinationDisk)
            warnings.push_back("the environment variable " + name +
                               " is ignored: the daemon makes a disk of its own for each VM");
        else
            warnUnknown(warnings, "the environment variable", name, table.environmentNames());
    }
    return layer;
}

Layer commandLineLayer(const OptionTable& table, const std::vector<std::string>& overrides)
{
    Layer layer;
    for (const auto& text : overrides) {
        const auto equals = text.find('=');
        const std::string key = text.substr(0, equals);
        if (equals == std::string::npos)
            throw InvalidArgument("--set " + printable(text) + ": write it as key=value");
        if (table.find(key) == nullptr)
            throw InvalidArgument("--set " + printable(key) + ": there is no such option" +
                                  suggestion(key, table.keys()));
        layer[key] = {text.substr(equals + 1), "command line", false};
    }
    return layer;
}

Effective evaluate(const OptionSpec& spec, const Written& written, const std::string& baseDir)
{
    try {
        return {parseValue(spec, written.text, baseDir), written.text, written.source};
    } catch (const Error& error) {
        // What a parser says may quote the value.
        if (spec.sensitive)
            throw InvalidArgument(spec.key + "=*** (" + written.source + "): the value is not acceptable", {},
                                  "allowed: " + std::string(typeName(spec.type)));
        std::string allowed = error.hint();
        if (allowed.empty())
            allowed = "allowed: " + std::string(typeName(spec.type));
        throw InvalidArgument(spec.key + "=" + printable(written.text) + " (" + written.source +
                                  "): " + error.what(),
                              {}, allowed);
    }
}

} // namespace

Environment processEnvironment()
{
    Environment out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (equals != std::string_view::npos)
            out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

Settings loadSettings(OptionTable table, const Sources& sources, std::vector<std::string>& warnings)
{
    const Layer file = fileLayer(table, sources, warnings);
    const Layer environment = environmentLayer(table, sources.environment, warnings);
    const Layer commandLine = commandLineLayer(table, sources.overrides);

    Settings settings(std::move(table));
    for (const auto& spec : settings.table().all()) {
        const Layer* strongest = nullptr;
        for (const Layer* layer : {&commandLine, &environment, &file})
            if (layer->contains(spec.key)) {
                strongest = layer;
                break;
            }
        if (strongest == nullptr) {
            if (spec.required)
                throw InvalidArgument(spec.key + ": a value is required", {}, spec.help);
            if (spec.defaultText)
                settings.set(spec, evaluate(spec, {*spec.defaultText, "default", false}, sources.baseDir));
            continue;
        }
        const Written& written = strongest->at(spec.key);
        if (written.unset)
            continue;
        settings.set(spec, evaluate(spec, written, sources.baseDir));
        if (spec.deprecated)
            warnings.push_back(spec.key + " (" + written.source +
                               ") is accepted but has no effect: " + spec.help);
    }
    return settings;
}

} // namespace teehost::settings
