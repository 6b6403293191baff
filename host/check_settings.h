// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/plugin/loader.h"
#include "host/settings/settings.h"

namespace teehost {

/// Checks settings beyond the form of each value, before anything is made or started: that
/// values fit each other, that accounts, plugins, directories and TLS files are there, that addresses can be
/// served. Files of another distribution are replaced by those of this one. --check-config and the start use
/// it alike.
void checkSettings(settings::Settings& settings, const plugin::Loaded& plugins,
                   const settings::Environment& environment, settings::Findings& findings);

} // namespace teehost
