// SPDX-License-Identifier: Apache-2.0
//
// Plugins in this process, for what needs no daemon: measure, verify, inspect, explain. Found, trusted and
// given their options as the daemon does it (host/plugin/configure.h), with the layers default < --config
// file < environment < --set.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/input/command.h"
#include "host/attest/fetcher.h"
#include "host/base/log.h"
#include "host/plugin/call_context.h"
#include "host/plugin/configure.h"

namespace teehost::cli {

struct PluginOptions {
    std::string config;
    std::vector<std::string> overrides; ///< KEY=VALUE
};

/// --config and --set.
void addPluginOptions(const Command& command, PluginOptions& options);

class LocalPlugins {
public:
    /// Loads what `plugins.dir` holds, or first the plugin `first` alone, from the file of its name, and the
    /// others when one of them is asked for. `limit` is how long all calls together may take. Throws
    /// Error.
    LocalPlugins(PluginOptions options, std::chrono::nanoseconds limit, const std::string& first = {});

    [[nodiscard]] const settings::Settings& settings() const noexcept { return configuration_->settings; }
    /// The plugin of that id, with its instance and the fetch service. Throws Failure when there is none,
    /// telling what there is and which files were refused.
    [[nodiscard]] plugin::Plugin& get(const std::string& id);
    /// The plugin that is surest of any of these blobs. Throws Failure when none recognises one, or several
    /// are equally sure.
    [[nodiscard]] plugin::Plugin& recognise(const std::vector<plugin::Blob>& evidence);
    /// The ids of all plugins that were loaded, sorted.
    [[nodiscard]] std::vector<std::string> ids();
    /// The files of `plugins.dir` that were not loaded, and why.
    [[nodiscard]] const std::vector<plugin::Refusal>& refused() { return all().refused; }
    /// The plugin that is surest of any of these blobs, if it is sure at all; empty when none is, or several
    /// are.
    [[nodiscard]] std::string recognisedBy(const std::vector<plugin::Blob>& evidence);
    [[nodiscard]] plugin::CallContext call() const;

private:
    /// Loads every plugin, if that was not done before.
    plugin::Loaded& all();
    [[nodiscard]] std::string whatThereIs();
    /// All that are as sure as the surest; empty when none recognises a blob.
    [[nodiscard]] std::vector<std::string> surestOf(const std::vector<plugin::Blob>& evidence, int least);

    PluginOptions options_;
    Log log_;
    std::chrono::steady_clock::time_point deadline_;
    // After log_, which their plugins use.
    std::unique_ptr<plugin::Configuration> first_; ///< of one plugin, which somebody may still use
    std::unique_ptr<plugin::Configuration> configuration_;
    bool isWhole_ = true;
    std::shared_ptr<attest::Fetcher> fetcher_;
};

} // namespace teehost::cli
