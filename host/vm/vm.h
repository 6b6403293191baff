// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/base/async.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/system_timer.hpp>

#include "host/base/error.h"
#include "host/launch/launch_plan.h"
#include "host/launch/vm_dirs.h"
#include "host/launch/vm_spec.h"
#include "host/vm/ports.h"
#include "host/vm/process.h"
#include "host/vm/qmp_client.h"
#include "host/vm/vm_state.h"

namespace teehost::plugin {
class Plugin;
}

namespace teehost::vm {

/// What others may see of a VM: a copy.
struct VmView {
    launch::VmSpec spec;
    VmState state = VmState::Preparing;
    std::chrono::system_clock::time_point created, stateSince;
    std::optional<std::chrono::system_clock::time_point> deadline;
    std::string agentAddress;
    std::uint16_t agentPort = 0;
    pid_t pid = 0;
    std::string cause, remedy;
    std::string cpuModel; ///< empty until it is planned
};

/// Why and how a VM is to end.
struct StopRequest {
    std::string reason;                        ///< "removed by a client", "its TTL ran out"
    bool force = false;                        ///< do not ask the guest
    std::optional<Clock::duration> grace = {}; ///< for the guest, from `since`; absent: vm.stop_grace
    Clock::time_point since = {};              ///< set by the supervisor
};

struct Sidecar {
    plugin::SidecarPlan plan;
    std::shared_ptr<Process> process;
};

/// One VM while the daemon knows it. Owned by the supervisor, changed on the io_context thread only, and
/// there by the one coroutine that is its life; everybody else sets `stop` and waits on `changed`.
struct Vm {
    Vm(asio::io_context& io, launch::VmSpec wanted)
        : spec(std::move(wanted)), changed(std::make_shared<Signal>(io)), ttlTimer(io)
    {
    }

    launch::VmSpec spec;
    plugin::Plugin* backend = nullptr;
    std::vector<plugin::Plugin*> attesters;

    VmState state = VmState::Preparing;
    std::chrono::system_clock::time_point created = std::chrono::system_clock::now();
    std::chrono::system_clock::time_point stateSince = created;
    std::optional<std::chrono::system_clock::time_point> deadline;
    std::optional<StopRequest> stop;
    std::shared_ptr<Signal> changed; ///< notified at every change of anything here
    bool launched = false;           ///< QEMU accepted its configuration once
    bool agentAnswered = false;
    unsigned waitingCreates = 0; ///< CreateVm calls that wait for the launch

    std::string cpuModel;
    PortPool::Lease port;
    std::optional<launch::VmDirs> dirs;
    std::vector<Sidecar> sidecars;
    std::shared_ptr<Process> qemu;
    std::shared_ptr<QmpClient> qmp;
    asio::system_timer ttlTimer;

    std::string shutdownReason; ///< of the last QMP SHUTDOWN event
    bool guestPanicked = false;
    std::uint64_t consoleDropped = 0; ///< bytes of the console that rotation has moved away

    std::string cause, remedy; ///< of its end
    Category failure = Category::Unknown;

    [[nodiscard]] VmView view(const std::string& address) const
    {
        return {spec,
                state,
                created,
                stateSince,
                deadline,
                address,
                port ? *port : std::uint16_t{0},
                qemu && !qemu->ended() ? qemu->pid() : 0,
                cause,
                remedy,
                cpuModel};
    }
};

} // namespace teehost::vm
