// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/configure.h"

#include <filesystem>

#include "host/base/error.h"

namespace teehost::plugin {
namespace {

namespace fs = std::filesystem;

Loaded loadConfigured(const settings::Settings& hostSettings, const std::string& baseDir, const Log& log,
                      std::string_view only)
{
    std::vector<std::string> dirs;
    for (const auto& dir : hostSettings.list("plugins.dir"))
        dirs.push_back((fs::path(baseDir) / dir).lexically_normal().string());
    if (dirs.empty()) {
        const auto bin = fs::read_symlink("/proc/self/exe").parent_path();
        dirs.push_back((bin / "../lib/teehost/plugins").lexically_normal().string());
    }
    TrustPolicy policy;
    policy.allowOwn = hostSettings.flag("plugins.allow_own");
    return loadPlugins(dirs, policy, log, only);
}

settings::OptionTable withPluginOptions(const Loaded& plugins)
{
    auto table = settings::hostOptions();
    for (const auto& plugin : plugins.plugins)
        for (const auto& option : plugin->options())
            table.add(option);
    return table;
}

} // namespace

Configuration configure(const settings::Sources& sources, Log& log, settings::Findings& findings,
                        std::string_view only)
{
    settings::Sources early = sources;
    std::erase_if(early.overrides, [](const std::string& text) {
        return settings::hostOptions().find(text.substr(0, text.find('='))) == nullptr;
    });
    settings::Findings ignored; // the second pass, with the plugins' options, gives them
    const auto hostSettings = settings::loadSettings(settings::hostOptions(), early, ignored);
    if (log.enabled(LogLevel::Info)) // otherwise nobody reads it: a check, a listing, the client
        log.setThreshold(parseLogLevel(hostSettings.text("log.level")));
    auto plugins = loadConfigured(hostSettings, sources.baseDir, log, only);
    auto settings = settings::loadSettings(withPluginOptions(plugins), sources, findings);
    return {std::move(settings), std::move(plugins)};
}

Configuration configure(const settings::Sources& sources, Log& log, std::vector<std::string>& warnings,
                        std::string_view only)
{
    settings::Findings findings;
    auto configuration = configure(sources, log, findings, only);
    if (findings.refused())
        throw Error(findings.refusals().front());
    warnings.insert(warnings.end(), findings.warnings().begin(), findings.warnings().end());
    return configuration;
}

} // namespace teehost::plugin
