// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/base/async.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/launch/launch_plan.h"
#include "host/launch/vm_dirs.h"
#include "host/launch/vm_spec.h"
#include "host/store/rows.h"
#include "host/vm/ahead_pool.h"
#include "host/vm/attestation.h"
#include "host/vm/ports.h"
#include "host/vm/process.h"
#include "host/vm/qmp_client.h"
#include "host/vm/readiness.h"
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
    UpSignal signal = UpSignal::None;
    agent::Answer answer = agent::Answer::None; ///< of the agent's port, the last that was not silence
    bool agentAnswered = false;                 ///< in this launch
    std::uint32_t restarts = 0;
    Standing standing = Standing::Unknown;
    std::chrono::system_clock::time_point attested; ///< when that was found
    std::string attestationReason;
    unsigned agentSilences = 0; ///< in a row
};

/// Why and how a VM is to end.
struct StopRequest {
    std::string reason;                        ///< "removed by a client", "its TTL ran out"
    bool force = false;                        ///< do not ask the guest
    std::optional<Clock::duration> grace = {}; ///< for the guest, from `since`; absent: vm.stop_grace
    Clock::time_point since = {};              ///< set by the supervisor
};

struct Sidecar {
    std::string name;
    std::vector<std::string> argv; ///< how it is recognised after a restart of the daemon
    Clock::duration stopTimeout{}; ///< 0: the usual
    store::ProcessRow identity;
    std::shared_ptr<Process> process;
    bool oneShot = false; ///< was to do its work and end, before QEMU started
    bool endTold = false; ///< that it ended although the VM still runs
};

/// How a VM ends, once that is decided. Nobody asked for it when `failure` is set.
struct Outcome {
    std::optional<Category> failure;
    std::string end; ///< "asked", "guest-shutdown", "guest-panic", "guest-reset", "qemu-signal", "qemu-exit",
                     ///< "oom-killed", "launch-failed", "host-reboot", "unknown"
    std::string cause, remedy;
};

/// A verdict on its way into the VM's record.
struct Judgement {
    Verdict verdict;
    std::uint64_t launch = 0; ///< Vm::launchSerial
    bool recorded = false;
};

/// One VM while the daemon knows it. Owned by the supervisor, changed on the io_context thread only, and
/// there by the one coroutine that is its life; everybody else sets `stop` and waits on `changed`.
struct Vm {
    Vm(asio::io_context& io, launch::VmSpec wanted)
        : spec(std::move(wanted)), changed(std::make_shared<Signal>(io))
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
    std::optional<Outcome> outcome;             ///< set when its end begins
    std::shared_ptr<Signal> changed;            ///< notified at every change of anything here
    bool persisted = false;                     ///< the store has a row of it
    bool launched = false;                      ///< QEMU accepted its configuration once
    UpSignal signal = UpSignal::None;           ///< the last one seen in this launch
    agent::Answer answer = agent::Answer::None; ///< of the agent's port, the last that was not silence
    bool agentAnswered = false;                 ///< its port was open once in this launch
    bool wasUp = false;                         ///< it was up once in this launch
    std::uint64_t consoleStart = 0;             ///< bytes of the console log that earlier launches wrote
    unsigned waitingCreates = 0;                ///< CreateVm calls that wait for the launch

    std::string cpuModel;
    std::string runDirectory; ///< in which it was launched; empty before
    std::string boot; ///< of the host, in which its row was written that this daemon found; empty: unknown
    bool ofOtherDirectories = false; ///< its record is a copy of another daemon's: its processes are not ours
    PortPool::Lease port;
    std::optional<launch::VmDirs> dirs;
    std::vector<Sidecar> sidecars;
    std::optional<MadeAhead> ahead; ///< to be moved to its directories
    bool stepsMadeAhead = false;    ///< they were, and no launch has begun since
    std::optional<store::ProcessRow> qemuIdentity;
    std::shared_ptr<Process> qemu;
    std::shared_ptr<QmpClient> qmp;
    std::uint32_t restarts = 0;         ///< how often it was launched again
    std::uint64_t hugePageBytes = 0;    ///< its memory, when that comes from huge pages
    std::uint64_t oomKillsAtLaunch = 0; ///< of the host

    Clock::time_point agentSpoke{}; ///< when the agent last answered a call of the daemon's
    std::string shutdownReason;     ///< of the last QMP SHUTDOWN event
    std::string panicWords;         ///< what the guest said of its panic, printable; may be empty
    bool guestPanicked = false;
    bool nicReady = false;            ///< the guest's driver has set up its network card
    bool guestPaused = false;         ///< QMP said STOP, and not RESUME since
    std::uint64_t consoleDropped = 0; ///< bytes of the console that rotation has moved away

    AttestationRecord attestation;
    std::deque<std::shared_ptr<Judgement>> judgements; ///< to be recorded
    std::uint64_t launchSerial = 0; ///< tells its launches apart, as long as the daemon lives

    [[nodiscard]] UpWhen upWhen() const noexcept { return parseUpWhen(spec.ready).value_or(UpWhen::Port); }

    /// Those that have a say in it, the backend first.
    [[nodiscard]] std::vector<plugin::Plugin*> plugins() const
    {
        std::vector<plugin::Plugin*> out{backend};
        for (auto* attester : attesters)
            if (attester != backend)
                out.push_back(attester);
        std::erase(out, nullptr);
        return out;
    }

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
                outcome ? outcome->cause : std::string(),
                outcome ? outcome->remedy : std::string(),
                cpuModel,
                signal,
                answer,
                agentAnswered,
                restarts,
                attestation.standing,
                attestation.at,
                attestation.reason,
                attestation.silences};
    }
};

} // namespace teehost::vm
