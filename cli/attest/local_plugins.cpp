// SPDX-License-Identifier: Apache-2.0
#include "cli/attest/local_plugins.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "cli/failure.h"
#include "host/attest/https_on_demand.h"
#include "host/plugin/call_options.h"

namespace teehost::cli {
namespace {

settings::Sources sourcesOf(const PluginOptions& options)
{
    settings::Sources sources;
    sources.baseDir = std::filesystem::current_path().string();
    sources.environment = settings::processEnvironment();
    // These say where the daemon is, in more forms than the daemon itself takes.
    std::erase_if(sources.environment,
                  [](const auto& variable) { return variable.first.starts_with("MANAGER_GRPC_"); });
    sources.overrides = options.overrides;
    sources.file = options.config;
    if (!sources.file.empty())
        sources.fileValues = settings::readSettingsFile(sources.file);
    return sources;
}

/// Loads all plugins, or with `only` the one in that file.
std::unique_ptr<plugin::Configuration> load(const PluginOptions& options, Log& log,
                                            std::string_view only = {})
{
    std::vector<std::string> ignored; // what is odd is the daemon's to warn of
    return std::make_unique<plugin::Configuration>(plugin::configure(sourcesOf(options), log, ignored, only));
}

/// Tells that all which is set can be judged with the options of this plugin and the host's. What an
/// environment says to others has no effect here, but a file or --set may be wrong.
bool concernsOnly(const PluginOptions& options, const std::string& id)
{
    const auto isOfBoth = [&](const std::string& text) {
        return text.starts_with(id + ".") ||
               settings::hostOptions().find(text.substr(0, text.find('='))) != nullptr;
    };
    return options.config.empty() &&
           std::all_of(options.overrides.begin(), options.overrides.end(), isOfBoth);
}

/// XDG Base Directory Specification 0.8: a relative path is to be ignored.
std::filesystem::path userCacheDirectory()
{
    const auto absolute = [](const char* name) -> std::filesystem::path {
        const char* value = std::getenv(name);
        return value != nullptr && *value == '/' ? value : "";
    };
    auto base = absolute("XDG_CACHE_HOME");
    if (base.empty())
        base = absolute("HOME") / ".cache";
    return base.is_absolute() ? base / "teehost/collateral" : std::filesystem::path();
}

} // namespace

void addPluginOptions(const Command& command, PluginOptions& options)
{
    command.option("--config", options.config, "Settings file, as teehostd takes it (default: none)")
        .value("FILE");
    command
        .option("--set", options.overrides,
                "Set an option of a plugin or of the host; stronger than environment and file")
        .value("KEY=VALUE")
        .oneValueEach();
}

LocalPlugins::LocalPlugins(PluginOptions options, std::chrono::nanoseconds limit, const std::string& first)
    : options_(std::move(options)), log_(LogLevel::Error), deadline_(std::chrono::steady_clock::now() + limit)
{
    if (!first.empty() && concernsOnly(options_, first)) {
        configuration_ = load(options_, log_, first + ".so");
        isWhole_ = false;
    }
    if (!configuration_ || configuration_->plugins.find(first) == nullptr)
        static_cast<void>(all());
    fetcher_ = std::make_shared<attest::Fetcher>(attest::fetcherOptions(settings(), userCacheDirectory()),
                                                 attest::kHttpsOnDemand, log_);
}

plugin::Loaded& LocalPlugins::all()
{
    if (!configuration_ || !isWhole_) {
        first_ = std::exchange(configuration_, load(options_, log_));
        isWhole_ = true;
    }
    return configuration_->plugins;
}

plugin::CallContext LocalPlugins::call() const { return plugin::callContext(settings(), deadline_); }

std::string LocalPlugins::whatThereIs()
{
    std::string text;
    for (const auto& plugin : all().plugins)
        text += (text.empty() ? "loaded: " : ", ") + plugin->info().id;
    if (text.empty())
        text = "no plugin is loaded; --set plugins.dir=DIRECTORY says where they are";
    for (const auto& refusal : all().refused)
        text += "\nrefused: " + refusal.path + ": " + refusal.reason;
    return text;
}

std::vector<std::string> LocalPlugins::ids()
{
    std::vector<std::string> ids;
    for (const auto& plugin : all().plugins)
        ids.push_back(plugin->info().id);
    std::sort(ids.begin(), ids.end());
    return ids;
}

plugin::Plugin& LocalPlugins::get(const std::string& id)
{
    auto* plugin = configuration_->plugins.find(id);
    if (plugin == nullptr)
        plugin = all().find(id);
    if (plugin == nullptr)
        throw Failure(ExitCode::NotFound, "there is no plugin \"" + id + "\"", whatThereIs());
    if (auto* const before = first_ ? first_->plugins.find(id) : nullptr)
        plugin = before; // a plugin has one instance, and this one may have it already
    if (!plugin->created()) {
        plugin->serveFetch(fetcher_);
        plugin->create(call());
    }
    return *plugin;
}

std::vector<std::string> LocalPlugins::surestOf(const std::vector<plugin::Blob>& evidence, int least)
{
    int best = least;
    std::vector<std::string> surest;
    for (const auto& plugin : all().plugins) {
        int sure = 0;
        for (const auto& blob : evidence)
            sure = std::max(sure, plugin->recognise(blob));
        if (sure == 0 || sure < best)
            continue;
        if (sure > best)
            surest.clear();
        best = sure;
        surest.push_back(plugin->info().id);
    }
    return surest;
}

std::string LocalPlugins::recognisedBy(const std::vector<plugin::Blob>& evidence)
{
    constexpr int kSure = 60;
    const auto surest = surestOf(evidence, kSure);
    return surest.size() == 1 ? surest.front() : std::string();
}

plugin::Plugin& LocalPlugins::recognise(const std::vector<plugin::Blob>& evidence)
{
    const auto surest = surestOf(evidence, 0);
    if (surest.empty())
        throw Failure(ExitCode::Usage, "no plugin recognises this evidence",
                      "name the one that made it with --backend ID, or hand over the report or quote as its "
                      "platform gave it out (bytes, hexadecimal, base64, JSON); " +
                          whatThereIs());
    if (surest.size() > 1)
        throw Failure(ExitCode::Usage,
                      "the plugins " + surest[0] + " and " + surest[1] +
                          " are equally sure that this evidence is theirs",
                      "name one with --backend ID");
    return get(surest.front());
}

} // namespace teehost::cli
