// SPDX-License-Identifier: Apache-2.0
//
// From an entry symbol to tables that may be called: versions negotiated, every mandatory pointer there, what
// the plugin declares read and checked. Needs no instance and no hardware.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/base/log.h"
#include "host/plugin/acceptance.h"
#include "host/plugin/plugin.h"
#include "teehost/plugin.h"

namespace teehost::plugin {

/// A plugin that keeps the contract, as far as that can be seen from outside. Null: not offered.
struct Contract {
    PluginInfo info;
    th_entry_fn entry = nullptr;
    const th_plugin* plugin = nullptr;
    const th_options_v1* options = nullptr;
    const th_probe_v1* probe = nullptr;
    const th_compose_v1* compose = nullptr;
    const th_measure_v1* measure = nullptr;
    const th_verify_v1* verify = nullptr;
    const th_attest_v1* attest = nullptr;
    const th_diagnose_v1* diagnose = nullptr;
    const th_capacity_v1* capacity = nullptr;
    std::vector<settings::OptionSpec> optionSpecs;
    std::vector<CheckSpec> probeChecks;
    std::vector<CheckSpec> verifyChecks;
};

/// Throws Error with one sentence saying what is wrong. An optional table that is malformed is left out with
/// a warning, unless the plugin's role needs it. `path` and `sha256` go into the info.
[[nodiscard]] std::unique_ptr<Contract> negotiate(th_entry_fn entry, std::string path, FileDigest sha256,
                                                  const Log& log);

} // namespace teehost::plugin
