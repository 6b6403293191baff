// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "host/plugin/loader.h"
#include "host/settings/settings.h"

namespace teehost {

/// What can be said of settings beyond the form of each value, before anything is started: that values fit
/// each other, that named accounts, plugins and TLS files are there. --check-config and the start use it
/// alike. Throws Error with one line that names the option and where its value came from.
void checkSettings(const settings::Settings& settings, const plugin::Loaded& plugins,
                   const settings::Environment& environment);

} // namespace teehost
