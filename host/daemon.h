// SPDX-License-Identifier: Apache-2.0
//
// The daemon's parts and their order: what is built first is taken down last.
#pragma once

#include <memory>
#include <string>

#include "host/base/log.h"
#include "host/plugin/loader.h"
#include "host/settings/settings.h"
#include "host/vm/decisions.h"

namespace teehost {

class Daemon {
public:
    /// Builds everything and serves when it returns; creates wait for decide(). Throws Error with the one
    /// line that says why it cannot. `recover` sets the store aside first. All other arguments must outlive
    /// it.
    Daemon(const settings::Settings& settings, const plugin::Loaded& plugins, const Log& log, bool recover);
    /// The host was probed: creates go on, and the service manager is told that the daemon is ready. Once.
    void decide(vm::Decisions decisions);
    /// Stops serving, leaves or ends the VMs (vm.on_shutdown), takes the parts down. Without decide() every
    /// VM is left: the start was refused.
    ~Daemon();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace teehost
