// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "host/plugin/vm_facts.h"
#include "report.h"

namespace teehost::check {

struct Subject {
    std::string path;                           ///< absolute
    std::map<std::string, std::string> options; ///< full key -> text; others have their defaults
    plugin::VmFacts vm;                         ///< what compose and measure are tried with
};

/// Loads the plugin as the host would and holds it to the contract of plugin.h, as far as that shows from
/// outside. The library stays in the process.
void checkConformance(const Subject& subject, Report& report);

} // namespace teehost::check
