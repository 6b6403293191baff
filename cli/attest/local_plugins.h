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

#include <CLI/CLI.hpp>

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
void addPluginOptions(CLI::App& command, PluginOptions& options);

class LocalPlugins {
public:
    /// Loads what `plugins.dir` holds. `limit` is how long all calls together may take; `https`
    /// must outlive it. Throws Error.
    LocalPlugins(const PluginOptions& options, const attest::HttpsClient& https,
                 std::chrono::nanoseconds limit);

    [[nodiscard]] const settings::Settings& settings() const noexcept { return configuration_.settings; }
    /// The plugin of that id, with its instance and the fetch service. Throws Failure when there is none,
    /// telling what there is and which files were refused.
    [[nodiscard]] plugin::Plugin& get(const std::string& id);
    /// The plugin that is surest of any of these blobs. Throws Failure when none recognises one, or several
    /// are equally sure.
    [[nodiscard]] plugin::Plugin& recognise(const std::vector<plugin::Blob>& evidence);
    /// The ids of all plugins that were loaded, sorted.
    [[nodiscard]] std::vector<std::string> ids() const;
    /// The files of `plugins.dir` that were not loaded, and why.
    [[nodiscard]] const std::vector<plugin::Refusal>& refused() const noexcept
    {
        return configuration_.plugins.refused;
    }
    /// The plugin that is surest of any of these blobs, if it is sure at all; empty when none is, or several
    /// are.
    [[nodiscard]] std::string recognisedBy(const std::vector<plugin::Blob>& evidence) const;
    [[nodiscard]] plugin::CallContext call() const;

private:
    [[nodiscard]] std::string whatThereIs() const;
    /// All that are as sure as the surest; empty when none recognises a blob.
    [[nodiscard]] std::vector<std::string> surestOf(const std::vector<plugin::Blob>& evidence,
                                                    int least) const;

    Log log_;
    std::chrono::steady_clock::time_point deadline_;
    plugin::Configuration configuration_; ///< after log_, which its plugins use
    std::shared_ptr<attest::Fetcher> fetcher_;
};

} // namespace teehost::cli
