// SPDX-License-Identifier: Apache-2.0
//
// The daemon's parts and their order: what is built first is taken down last.
#pragma once

#include <memory>
#include <string>

#include "host/base/log.h"
#include "host/plugin/loader.h"
#include "host/settings/settings.h"

namespace teehost {

/// The plugins of `plugins.dir`, loaded but without instances; also what their options are known from.
[[nodiscard]] plugin::Loaded loadConfiguredPlugins(const settings::Settings& hostSettings,
                                                   const std::string& startDirectory, const Log& log);

class Daemon {
public:
    /// Builds everything and serves when it returns. Throws Error with the one line that says why it cannot.
    /// All arguments must outlive it.
    Daemon(const settings::Settings& settings, const settings::Environment& environment,
           const plugin::Loaded& plugins, const Log& log);
    /// Stops serving, ends every VM, takes the parts down.
    ~Daemon();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace teehost
