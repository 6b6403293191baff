// SPDX-License-Identifier: Apache-2.0
//
// The daemon's parts and their order: what is built first is taken down last.
#pragma once

#include <memory>
#include <string>

#include "host/base/log.h"
#include "host/plugin/loader.h"
#include "host/preflight.h"
#include "host/settings/settings.h"

namespace teehost {

class Daemon {
public:
    /// Builds everything and serves when it returns. Throws Error with the one line that says why it cannot.
    /// `recover` sets the store aside first. All other arguments must outlive it.
    Daemon(const settings::Settings& settings, const Preflight& decided, const plugin::Loaded& plugins,
           const Log& log, bool recover);
    /// Stops serving, leaves or ends the VMs (vm.on_shutdown), takes the parts down.
    ~Daemon();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace teehost
