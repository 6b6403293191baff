// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/loader.h"

#include <algorithm>
#include <map>

#include "host/base/error.h"
#include "host/base/sha256.h"
#include "host/base/text.h"
#include "host/plugin/contract.h"
#include "host/plugin/library.h"

namespace teehost::plugin {

namespace {

/// Runs `body`; what it throws becomes a refusal of `path`, and never stops the others.
template <class Body>
void orRefuse(const std::string& path, Loaded& loaded, Body&& body)
{
    try {
        body();
    } catch (const std::exception& e) {
        loaded.refused.push_back({path, describe(e)});
    }
}

std::unique_ptr<Plugin> loadOne(const TrustedDirectory& directory, const std::string& name,
                                const TrustPolicy& policy, const Log& log)
{
    TrustedFile file = openTrustedFile(directory, name, policy);
    // The library's descriptor stays open for good: it is still the file that was loaded when somebody asks.
    FileDigest digest([fd = file.fd.get(), path = file.path] { return toHex(sha256OfFile(fd, path)); });
    const th_entry_fn entry = openLibrary(std::move(file.fd), file.path);
    return std::make_unique<Plugin>(negotiate(entry, file.path, std::move(digest), log), log);
}

void loadDirectory(const std::string& path, const TrustPolicy& policy, const Log& log, std::string_view only,
                   Loaded& loaded)
{
    try {
        const TrustedDirectory directory = openTrustedDirectory(path, policy);
        for (const std::string& name : listLibraries(directory)) {
            if (!only.empty() && name != only)
                continue;
            const std::string file = directory.path + "/" + name;
            orRefuse(file, loaded, [&] { loaded.plugins.push_back(loadOne(directory, name, policy, log)); });
        }
    } catch (const Error& e) {
        if (e.category() != Category::NotFound)
            throw;
        log.debug("plugin directory does not exist", {{"directory", path}});
    }
}

/// Two plugins of one id are both refused.
void refuseDuplicates(Loaded& loaded)
{
    std::map<std::string, std::vector<std::string>> paths;
    for (const auto& plugin : loaded.plugins)
        paths[plugin->info().id].push_back(plugin->info().path);
    for (const auto& [id, files] : paths)
        for (std::size_t i = 0; files.size() > 1 && i < files.size(); ++i)
            loaded.refused.push_back({files[i], "its id \"" + id + "\" is also that of " +
                                                    files[i == 0 ? 1 : 0] + "; both are refused"});
    std::erase_if(loaded.plugins, [&](const auto& plugin) { return paths.at(plugin->info().id).size() > 1; });
}

} // namespace

Plugin* Loaded::find(std::string_view id) const noexcept
{
    const auto found = std::find_if(plugins.begin(), plugins.end(),
                                    [&](const auto& plugin) { return plugin->info().id == id; });
    return found == plugins.end() ? nullptr : found->get();
}

void Loaded::tellDigests(const Log& log) const
{
    if (!log.enabled(LogLevel::Info))
        return; // no file is hashed for a line that is not written
    for (const auto& plugin : plugins) {
        const PluginInfo& info = plugin->info();
        try {
            log.info("plugin file",
                     {{"plugin", info.id}, {"path", info.path}, {"sha256", info.sha256.hex()}});
        } catch (const Error& error) {
            log.error("the file of a plugin that was loaded cannot be hashed",
                      {{"plugin", info.id}, {"path", info.path}, {"error", error.what()}});
        }
    }
}

Loaded loadPlugins(const std::vector<std::string>& dirs, const TrustPolicy& policy, const Log& log,
                   std::string_view only)
{
    Loaded loaded;
    for (const std::string& dir : dirs)
        orRefuse(dir, loaded, [&] { loadDirectory(dir, policy, log, only, loaded); });
    refuseDuplicates(loaded);
    std::sort(loaded.plugins.begin(), loaded.plugins.end(),
              [](const auto& a, const auto& b) { return a->info().id < b->info().id; });
    for (const auto& plugin : loaded.plugins)
        log.info("plugin loaded",
                 {{"plugin", plugin->info().id},
                  {"version", plugin->info().version},
                  {"abi", std::to_string(TH_ABI_MAJOR) + "." + std::to_string(plugin->info().abiMinor)},
                  {"path", plugin->info().path}});
    for (const Refusal& refusal : loaded.refused)
        log.warning("plugin refused", {{"path", refusal.path}, {"reason", refusal.reason}});
    return loaded;
}

} // namespace teehost::plugin
