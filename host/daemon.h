// SPDX-License-Identifier: Apache-2.0
//
// The daemon's parts and their order: what is built first is taken down last.
#pragma once

#include <memory>
#include <string>

#include "host/base/log.h"
#include "host/base/pending.h"
#include "host/plugin/loader.h"
#include "host/settings/settings.h"
#include "host/vm/decisions.h"

namespace teehost {

class Daemon {
public:
    /// Builds everything and serves when it returns; creates wait for decide(), and GET /ready says that
    /// `pending` is. Throws Error with the one line that says why it cannot. `recover` sets the store aside
    /// first. All other arguments must outlive it.
    Daemon(const settings::Settings& settings, const plugin::Loaded& plugins, const Pending& pending,
           const Log& log, bool recover);
    /// Takes the host's answers: creates go on, and the service manager is told that the daemon is ready. Any
    /// thread; call it once.
    void decide(vm::Decisions decisions);
    /// Says before the end that this start is refused after all: VMs that run are left whatever
    /// vm.on_shutdown says, and `status` is that of the process.
    void giveUp(int status);
    /// Stops serving, leaves or ends the VMs (vm.on_shutdown), takes the parts down.
    ~Daemon();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace teehost
