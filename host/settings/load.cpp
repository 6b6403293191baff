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
};
using Layer = std::map<std::string, Written, std::less<>>; // by option key

std::string suggestion(std::string_view name, const std::vector<std::string>& known)
{
    const auto near = nearest(name, known);
    return near.empty() ? std::string() : ", did you mean " + near + "?";
}

void warnUnknown(Findings& findings, const std::string& what, std::string_view name,
                 const std::vector<std::string>& known)
{
    findings.warn(what + " " + printable(name) + " is not known and has no effect" + suggestion(name, known));
}

Layer fileLayer(const OptionTable& table, const Sources& sources, Findings& findings)
{
    Layer layer;
    for (const auto& [key, text] : sources.fileValues) {
        if (table.find(key) != nullptr) {
            if (!text.empty())
                layer[key] = {text, "file " + sources.file};
        } else if (const auto* spec = table.findByEnvironment(key)) {
            findings.warn("file " + sources.file + ": " + printable(key) +
                          " is the name of a variable and has no effect in a file; the key is " + spec->key);
        } else {
            warnUnknown(findings, "file " + sources.file + ": the key", key, table.keys());
        }
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
        layer.try_emplace("grpc.host", Written{host, source});
    layer.try_emplace("grpc.port", Written{url.substr(colon + 1), source});
}

/// The variables that mean something to us.
Environment ourVariables(const OptionTable& table, const Environment& environment, Findings& findings)
{
    Environment out;
    for (const auto& [name, value] : environment)
        if (isOurs(name) || table.findByEnvironment(name) != nullptr) {
            out[name] = unwrapped(value);
            if (out[name].size() != value.size())
                findings.warn(
                    "the environment variable " + printable(name) +
                    " has quotes, blanks or a carriage return around its value, which were taken off");
        }
    return out;
}

void warnOfOtherNames(const OptionTable& table, const Environment& environment, Findings& findings)
{
    for (const auto& [name, text] : environment) {
        if (name == kGrpcUrl || table.findByEnvironment(name) != nullptr || name.starts_with(kSelectPrefix))
            continue;
        if (name == kDestinationDisk)
            findings.warn("the environment variable " + name +
                          " is ignored: the daemon makes a disk of its own for each VM");
        else
            warnUnknown(findings, "the environment variable", name, table.environmentNames());
    }
}

Layer environmentLayer(const OptionTable& table, const Environment& written, Findings& findings)
{
    const Environment environment = ourVariables(table, written, findings);
    Layer layer;
    for (const auto& spec : table.all())
        for (const auto& name : spec.env) {
            const auto it = environment.find(name);
            // An empty variable counts as not set. The environment file of a Cocos Manager is full of them,
            // and each would undo what the settings file says, the TLS files of the daemon among it.
            if (it == environment.end() || it->second.empty())
                continue;
            layer.try_emplace(spec.key, Written{it->second, "environment " + name});
            break;
        }
    findings.gather([&] { addGrpcUrl(layer, environment); }, "grpc.host");
    warnOfOtherNames(table, environment, findings);
    return layer;
}

/// Names an empty variable of an option whose value is `counts`, the file's: until they have read otherwise,
/// people may think that the variable takes that value away.
void warnOfEmptyVariable(const OptionSpec& spec, const Written& counts, const Environment& environment,
                         Findings& findings)
{
    if (counts.text == spec.defaultText.value_or(""))
        return;
    for (const auto& name : spec.env)
        if (const auto it = environment.find(name); it != environment.end() && unwrapped(it->second).empty())
            findings.warn("the environment variable " + name + " is empty, which counts as not set: " +
                          spec.key + " has the value of the " + counts.source);
}

Layer commandLineLayer(const OptionTable& table, const std::vector<std::string>& overrides,
                       Findings& findings)
{
    Layer layer;
    for (const auto& text : overrides) {
        const auto equals = text.find('=');
        const std::string key = text.substr(0, equals);
        if (equals == std::string::npos)
            findings.refuse(InvalidArgument("--set " + printable(text) + ": write it as key=value"));
        else if (table.find(key) == nullptr)
            findings.refuse(InvalidArgument("--set " + printable(key) + ": there is no such option" +
                                            suggestion(key, table.keys())));
        else
            layer[key] = {text.substr(equals + 1), "command line"};
    }
    return layer;
}

/// `<HOST_IP>` of an example that was copied and not filled in; empty when there is none.
std::string placeholderIn(std::string_view text)
{
    for (auto open = text.find('<'); open != std::string_view::npos; open = text.find('<', open + 1)) {
        const auto end = text.find_first_not_of(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.", open + 1);
        if (end != std::string_view::npos && end > open + 1 && text[end] == '>')
            return std::string(text.substr(open, end + 1 - open));
    }
    return {};
}

Effective evaluate(const OptionSpec& spec, const Written& written, const std::string& baseDir)
{
    if (const auto placeholder = placeholderIn(written.text); !placeholder.empty())
        throw InvalidArgument(
            spec.key + "=" + (spec.sensitive ? "***" : printable(written.text)) + " (" + written.source +
                "): it still has a placeholder in it",
            {}, "write the value that " + (spec.sensitive ? "it" : placeholder) + " stands for");
    try {
        return {parseValue(spec, written.text, baseDir), written.text, written.source};
    } catch (const Error& error) {
        // The parser's words may quote the value.
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

std::string unwrapped(std::string_view value)
{
    std::string_view text = trim(value);
    const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                        text.find(text.front(), 1) == text.size() - 1;
    return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

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

namespace {

/// The strongest layer's text; absent when no layer has the option.
const Written* strongest(const std::vector<const Layer*>& layers, const std::string& key)
{
    for (const auto* layer : layers)
        if (const auto it = layer->find(key); it != layer->end())
            return &it->second;
    return nullptr;
}

/// Warns of characters that mean something to a shell and are taken here as they stand.
void warnOfShellWords(const OptionSpec& spec, const Written& written, Findings& findings)
{
    // systemd joins `"a" # remark` to `a# remark`.
    if (spec.type == OptionType::Path && written.text.find('$') != std::string::npos &&
        written.source != "command line")
        findings.warn(
            spec.key + " (" + written.source +
            "): the $ is taken as it stands; readers of environment files and teehostd expand nothing");
    const bool looksLikeOne =
        written.text.find(" #") != std::string::npos || written.text.find("# ") != std::string::npos;
    if (looksLikeOne && written.source != "command line")
        findings.warn(spec.key + " (" + written.source +
                      "): what follows the # is part of the value; a remark needs a line of its own");
}

void setFrom(const Written& written, const OptionSpec& spec, const std::string& baseDir, Settings& settings,
             Findings& findings)
{
    warnOfShellWords(spec, written, findings);
    findings.gather([&] { settings.set(spec, evaluate(spec, written, baseDir)); }, spec.key);
    if (spec.deprecated)
        findings.warn(spec.key + " (" + written.source + ") is accepted but has no effect: " + spec.help);
}

} // namespace

Settings loadSettings(OptionTable table, const Sources& sources, Findings& findings)
{
    const Layer file = fileLayer(table, sources, findings);
    const Layer environment = environmentLayer(table, sources.environment, findings);
    const Layer commandLine = commandLineLayer(table, sources.overrides, findings);

    Settings settings(std::move(table));
    for (const auto& spec : settings.table().all()) {
        const auto* written = strongest({&commandLine, &environment, &file}, spec.key);
        if (written == nullptr && spec.required)
            findings.refuse(InvalidArgument(spec.key + ": a value is required", {}, spec.help), spec.key);
        if (const auto it = file.find(spec.key); it != file.end() && written == &it->second)
            warnOfEmptyVariable(spec, *written, sources.environment, findings);
        if (written != nullptr)
            setFrom(*written, spec, sources.baseDir, settings, findings);
        const bool stands = written != nullptr && !findings.refused(spec.key);
        if (!stands && spec.defaultText)
            settings.set(spec, evaluate(spec, {*spec.defaultText, "default"}, sources.baseDir));
    }
    return settings;
}

Settings loadSettings(OptionTable table, const Sources& sources, std::vector<std::string>& warnings)
{
    Findings findings;
    auto settings = loadSettings(std::move(table), sources, findings);
    if (findings.refused())
        throw InvalidArgument(std::string(findings.refusals().front().what()), {},
                              findings.refusals().front().hint());
    warnings.insert(warnings.end(), findings.warnings().begin(), findings.warnings().end());
    return settings;
}

} // namespace teehost::settings
