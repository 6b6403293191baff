// SPDX-License-Identifier: Apache-2.0
//
// From where settings are written to the plugins they name and the options of both: what the daemon and the
// command-line client do first, alike.
//
//     auto [settings, plugins] = plugin::configure(sources, log, warnings);
//     plugins.find(id)->create(plugin::callContext(settings, deadline));
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/log.h"
#include "host/plugin/loader.h"
#include "host/settings/settings.h"

namespace teehost::plugin {

struct Configuration {
    settings::Settings settings; ///< the host's options and those of every loaded plugin
    Loaded plugins;              ///< of `plugins.dir`, without instances
};

/// Reads the host's own options first, for they say where the plugins are, whose options complete the table.
/// Relative plugin directories are resolved against `sources.baseDir`. A `log` that takes info gets the
/// threshold `log.level`; it must outlive the plugins. With `only`, the plugins are those in files of that
/// name. Throws what loadSettings throws.
[[nodiscard]] Configuration configure(const settings::Sources& sources, Log& log,
                                      std::vector<std::string>& warnings, std::string_view only = {});
/// The same, with all that is wrong or odd gathered instead of thrown.
[[nodiscard]] Configuration configure(const settings::Sources& sources, Log& log,
                                      settings::Findings& findings, std::string_view only = {});

} // namespace teehost::plugin
