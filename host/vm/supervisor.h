// SPDX-License-Identifier: Apache-2.0
//
// Owns every VM: creates, watches, stops, removes. One coroutine is a VM's whole life (vm_life.cpp); what the
// APIs call here only starts one, asks one to end, or looks.
#pragma once

#include "host/base/async.h"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/base/log.h"
#include "host/launch/topology.h"
#include "host/launch/vm_paths.h"
#include "host/plugin/loader.h"
#include "host/settings/settings.h"
#include "host/vm/event_log.h"
#include "host/vm/ports.h"
#include "host/vm/vm.h"

namespace teehost::vm {

/// Which plugins VMs of this host use, and how. Decided once at the start.
struct Backends {
    const plugin::Loaded& plugins;
    std::string defaultBackend;
    std::vector<std::string> attesters;
    /// "kvm" or "tcg" for a VM of this backend. Throws FailedPrecondition when it cannot run here. Any
    /// thread.
    std::function<std::string(const plugin::PluginInfo&)> accelFor;
};

struct HostFacts {
    launch::HostDirs dirs;
    launch::HostTopology topology;
    std::string
        qemuBinary; ///< as configured; resolved at each launch, so that an upgrade or a repair is noticed
    std::optional<launch::Account> account; ///< QEMU's, when it is not the daemon's
    std::string instanceId;
    std::string firmwareVersion; ///< ovmf.version, or that of the package the firmware came from
    std::string eosVersion;      ///< of the guest image
};

/// A CreateVm call that may be given up: on cancellation by the client or at a deadline.
class CreateTicket {
public:
    explicit CreateTicket(asio::io_context& io) : changed_(std::make_shared<Signal>(io)) {}
    /// io_context thread only.
    void giveUp(Category why)
    {
        if (!why_)
            why_ = why;
        changed_->notify();
    }
    [[nodiscard]] const std::optional<Category>& givenUp() const noexcept { return why_; }

private:
    friend class Supervisor;
    std::shared_ptr<Signal> changed_;
    std::optional<Category> why_;
};

/// Everything on the io_context thread. The awaitables throw teehost::Error.
class Supervisor {
public:
    Supervisor(asio::io_context& io, asio::thread_pool& pool, const settings::Settings& settings,
               HostFacts facts, Backends backends, const Log& log);
    ~Supervisor();

    /// Answers when QEMU has accepted the configuration (state Booting). A call that is given up before that
    /// is undone completely before it throws.
    asio::awaitable<VmView> create(launch::VmRequest request, std::shared_ptr<CreateTicket> ticket);
    /// Answers when the VM has ended. Stopping an ended VM is no error.
    asio::awaitable<VmView> stop(VmId id, StopRequest request);
    /// Stops it if it lives, then forgets it and its logs.
    asio::awaitable<void> remove(VmId id, StopRequest request);
    /// Ends every VM; no new one is accepted from then on.
    asio::awaitable<void> shutdown();

    [[nodiscard]] bool knows(const std::string& id) const;
    /// Throws NotFound.
    [[nodiscard]] VmView get(const std::string& id) const;
    [[nodiscard]] std::vector<VmView> list() const;
    [[nodiscard]] EventLog& events() noexcept { return events_; }

    /// Bytes of a VM's console and where they stand in all it ever wrote.
    struct ConsoleBytes {
        std::uint64_t offset = 0;
        std::string data;
    };
    /// At most `limit` bytes from `offset`, or from a later one when rotation has dropped what was asked for.
    /// Throws NotFound.
    asio::awaitable<ConsoleBytes> readConsole(std::string id, std::uint64_t offset, std::size_t limit);
    [[nodiscard]] std::uint64_t consoleEnd(const std::string& id) const;

    [[nodiscard]] asio::io_context& io() noexcept { return io_; }
    [[nodiscard]] const HostFacts& facts() const noexcept { return facts_; }
    [[nodiscard]] const settings::Settings& settings() const noexcept { return settings_; }

private:
    friend class VmLife;
    using VmPtr = std::shared_ptr<Vm>;

    [[nodiscard]] VmPtr find(const std::string& id) const;
    /// The living VM that an earlier call with this key made; null when there is none. Throws AlreadyExists
    /// when that call asked for something else.
    [[nodiscard]] VmPtr findRepeated(const launch::VmRequest& request) const;
    [[nodiscard]] plugin::Plugin& choosePlugin(const std::string& id) const;
    [[nodiscard]] VmPtr admit(launch::ValidatedVm& validated);
    asio::awaitable<VmView> waitForLaunch(VmPtr vm, std::shared_ptr<CreateTicket> ticket);
    void transition(Vm& vm, VmState to, const std::string& message);
    void note(const Vm& vm, const std::string& kind, const std::string& message,
              std::map<std::string, std::string> fields = {});
    void breakOff(Vm& vm, const std::exception_ptr& bug);
    void requestStop(Vm& vm, StopRequest request);
    void armTtl(const VmPtr& vm);
    void forget(const VmId& id);
    void trimHistory();
    asio::awaitable<void> rotateConsoles();

    asio::io_context& io_;
    asio::thread_pool& pool_;
    const settings::Settings& settings_;
    HostFacts facts_;
    Backends backends_;
    const Log& log_;
    EventLog events_;
    PortPool ports_;
    std::string agentAddress_; ///< what clients are told
    std::string probeAddress_; ///< where the daemon itself reaches agents
    bool accepting_ = true;
    std::map<VmId, VmPtr> vms_;
    std::deque<VmId> ended_; ///< oldest first
    asio::steady_timer rotation_;
};

} // namespace teehost::vm
