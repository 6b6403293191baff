// SPDX-License-Identifier: Apache-2.0
//
// Owns every VM: creates, adopts, watches, stops, removes. One coroutine is a VM's whole life (vm_life.cpp);
// what the APIs call here only starts one, asks one to end, or looks.
#pragma once

#include "host/base/async.h"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/base/log.h"
#include "host/launch/topology.h"
#include "host/launch/vm_paths.h"
#include "host/plugin/loader.h"
#include "host/settings/settings.h"
#include "host/store/store.h"
#include "host/vm/admission.h"
#include "host/vm/ahead_pool.h"
#include "host/vm/decisions.h"
#include "host/vm/journal.h"
#include "host/vm/orphan.h"
#include "host/vm/plugin_calls.h"
#include "host/vm/ports.h"
#include "host/vm/vm.h"
#include "host/vm/wall_alarm.h"

namespace teehost::vm {

struct HostFacts {
    launch::HostDirs dirs;
    launch::HostTopology topology;
    std::string
        qemuBinary; ///< as configured; resolved at each launch, so that an upgrade or a repair is noticed
    std::optional<launch::Account> account; ///< QEMU's, when it is not the daemon's
    VmId owner;                             ///< the daemon's UUID, by which it knows its VMs
    std::string eosVersion;                 ///< of the guest image
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

class VmLife;

enum class Leave {
    AsConfigured, ///< vm.on_shutdown decides
    EveryVm,      ///< for a daemon that refuses to go on
};

/// A VM as attestation sees it.
struct AttestationSubject {
    std::string agent; ///< "127.0.0.1:7020"
    plugin::VmFacts facts;
    std::vector<const plugin::Plugin*> plugins; ///< that may judge evidence of it
    AttestationRecord record;
    std::uint64_t launch = 0; ///< which of its launches
    std::shared_ptr<Signal> changed;
    std::function<void()> agentSpoke; ///< to be called when the agent gave an answer
    std::function<bool()> ended;      ///< that launch has; the signal tells
};

/// Everything on the io_context thread. The awaitables throw teehost::Error.
class Supervisor {
public:
    Supervisor(asio::io_context& io, Workers& pool, PluginCalls& calls, const settings::Settings& settings,
               HostFacts facts, const plugin::Loaded& plugins, store::Store& store, const Log& log);
    ~Supervisor();

    /// Takes up the VMs of the daemon before this one: those whose processes still run are watched again, of
    /// the others every trace is removed. Then looks for orphans, and does with them what vm.orphans says.
    /// With a `doubtful` store, one that was set aside or has vanished, they are reported whatever it says,
    /// and nothing is removed. Call once, before anything else and before the io_context runs.
    void restore(bool doubtful);

    /// Takes the host's answers, and lets calls go on that wait for them. Call it once.
    void decide(Decisions decisions);
    /// Waits for the host's answers; null when there are none at `until`. Throws Unavailable when the daemon
    /// stops meanwhile.
    asio::awaitable<const Decisions*> decisions(Clock::time_point until);
    /// The version of the firmware: ovmf.version, or what the host said by now.
    [[nodiscard]] std::string firmwareVersion() const;

    /// A QEMU of some teehost that no row of this daemon's names.
    struct Orphan {
        SeenQemu seen;
        bool owned = false;     ///< this daemon's, by UUID and directories
        bool adoptable = false; ///< and what adopting it takes was kept
    };
    /// Looks at all processes: costs a read of each one's command line.
    asio::awaitable<std::vector<Orphan>> orphans();
    /// Takes an owned orphan up as if its row had never been lost. Throws NotFound, and FailedPrecondition
    /// when it is another daemon's or nothing was kept of it.
    asio::awaitable<VmView> adoptOrphan(VmId id);
    /// Ends an owned orphan and removes what it leaves. Throws as adoptOrphan.
    asio::awaitable<void> endOrphan(VmId id);

    /// Answers when QEMU has accepted the configuration (state Booting). A call that is given up before that
    /// is undone completely before it throws.
    asio::awaitable<VmView> create(launch::VmRequest request, std::shared_ptr<CreateTicket> ticket);
    /// Answers when the VM has ended. Stopping an ended VM is no error.
    asio::awaitable<VmView> stop(VmId id, StopRequest request);
    /// Stops it if it lives, then forgets it and its logs.
    asio::awaitable<void> remove(VmId id, StopRequest request);
    /// Undoes what is being created and, with Leave::AsConfigured and vm.on_shutdown=stop, ends every VM; no
    /// new one is accepted from then on. The others are left to the next daemon.
    asio::awaitable<void> shutdown(Leave leave);

    [[nodiscard]] bool knows(const std::string& id) const;
    /// Throws NotFound.
    [[nodiscard]] VmView get(const std::string& id) const;
    [[nodiscard]] std::vector<VmView> list() const;
    [[nodiscard]] EventLog& events() noexcept { return journal_.events(); }

    /// Bytes of a VM's console and where they stand in all it ever wrote.
    struct ConsoleBytes {
        std::uint64_t offset = 0;
        std::string data;
    };
    /// At most `limit` bytes from `offset`, or from a later one when rotation has dropped what was asked for.
    /// Throws NotFound.
    asio::awaitable<ConsoleBytes> readConsole(std::string id, std::uint64_t offset, std::size_t limit);
    [[nodiscard]] std::uint64_t consoleEnd(const std::string& id) const;

    /// Throws NotFound, and FailedPrecondition for a VM that does not run or that nothing attests.
    [[nodiscard]] AttestationSubject subject(const std::string& id) const;
    /// Answers when the verdict is in the store and told. Throws Aborted when that launch of the VM has
    /// ended.
    asio::awaitable<void> record(std::string id, std::uint64_t launch, Verdict verdict);

    [[nodiscard]] asio::io_context& io() noexcept { return io_; }
    [[nodiscard]] const HostFacts& facts() const noexcept { return facts_; }
    [[nodiscard]] const settings::Settings& settings() const noexcept { return settings_; }

private:
    friend class VmLife;
    using VmPtr = std::shared_ptr<Vm>;
    using OnFailure = Journal::OnFailure;

    [[nodiscard]] VmPtr find(const std::string& id) const;
    void requireAccepting() const;
    /// The living VM that an earlier call with this key made; null when there is none. Throws AlreadyExists
    /// when that call asked for something else.
    [[nodiscard]] VmPtr findRepeated(const launch::VmRequest& request) const;
    [[nodiscard]] plugin::Plugin& choosePlugin(const std::string& id) const;
    [[nodiscard]] launch::PlanContext planContext(const std::string& qemuVersion,
                                                  const plugin::Plugin& backend, std::uint16_t port) const;
    /// On the pool.
    [[nodiscard]] std::vector<plugin::Fragment> compose(const launch::VmSpec& spec,
                                                        const plugin::Plugin& backend,
                                                        const std::vector<plugin::Plugin*>& attesters) const;
    /// Returns the attesters of new VMs. Call it only once the host was asked.
    [[nodiscard]] std::vector<plugin::Plugin*> attesters() const;
    [[nodiscard]] Demand demandOf(const Vm& vm) const;
    [[nodiscard]] VmPtr admit(launch::ValidatedVm& validated, plugin::Plugin& backend,
                              std::uint64_t hugePages, const std::vector<plugin::Capacity>& capacities);
    /// decisions(), given up with the ticket.
    asio::awaitable<void> awaitDecisions(Clock::time_point until, std::shared_ptr<CreateTicket> ticket);
    asio::awaitable<VmView> waitForLaunch(VmPtr vm, std::shared_ptr<CreateTicket> ticket);
    void begin(const std::shared_ptr<VmLife>& life, const VmPtr& vm, bool adopted);
    void dismiss(const VmPtr& vm, Outcome outcome);
    void breakOff(const VmPtr& vm, const std::exception_ptr& bug);
    void adopt(const store::VmRow& row);
    void sweepOrphans(const Processes& processes, bool doubtful);
    void takeUpOrphan(const VmId& id, const store::VmRow& row);
    void endOrphanAtStart(const std::vector<SeenQemu>& processes);
    void tellOrphan(const SeenQemu& seen, const std::string& what);
    void removeStrayDirectories(const Processes& processes);
    /// Whether no VM that this daemon watches, or cannot judge, is that process.
    [[nodiscard]] bool isOrphan(const SeenQemu& seen) const;
    /// The processes of an owned orphan: of QEMU, and of sudo where that started it.
    asio::awaitable<std::vector<SeenQemu>> ownedOrphan(VmId id);

    /// Persists the change, then makes it. Throws only with OnFailure::Refuse.
    asio::awaitable<void> transition(VmPtr vm, VmState to, std::string message, OnFailure policy,
                                     std::map<std::string, std::string> fields = {},
                                     Durability durability = Durability::SurvivesDaemon);
    void enter(Vm& vm, const Event& event);
    void note(const Vm& vm, const std::string& kind, const std::string& message,
              std::map<std::string, std::string> fields = {});
    /// Whether that launch of the VM is over, or nobody is there to record anything of it.
    [[nodiscard]] bool hasEnded(const Vm& vm, std::uint64_t launch) const;
    [[nodiscard]] Event eventOf(const Vm& vm, const std::string& kind, const std::string& message) const;
    void requestStop(Vm& vm, StopRequest request);
    void lookAtTtls(bool clockSet);
    asio::awaitable<VmPtr> untilEnded(VmId id, StopRequest request);
    asio::awaitable<void> forget(VmId id, Durability durability);
    void trimHistory();
    asio::awaitable<void> rotateConsoles();
    asio::awaitable<void> takeLaunchSlot(VmPtr vm);
    void giveLaunchSlot();
    /// The request's VM, with the id when there is one.
    [[nodiscard]] launch::ValidatedVm specOf(const launch::VmRequest& request, const plugin::Plugin& backend,
                                             const std::optional<VmId>& id) const;
    // supervisor_ahead.cpp
    [[nodiscard]] bool isLaunching() const;
    asio::awaitable<void> fillAhead();
    asio::awaitable<bool> makeAhead();
    asio::awaitable<void> clearAhead();
    asio::awaitable<void> runAhead(AheadWork work, launch::VmDirs dirs);
    asio::awaitable<void> runStepAhead(plugin::SidecarPlan step, std::filesystem::path log);
    asio::awaitable<void> endAhead();
    void discardAhead(Vm& vm);

    asio::io_context& io_;
    Workers& pool_;
    PluginCalls& calls_;
    const settings::Settings& settings_;
    HostFacts facts_;
    const plugin::Loaded& plugins_;
    std::optional<Decisions> decisions_; ///< empty while the host is being asked
    std::shared_ptr<Signal> onDecided_;
    store::Store& store_;
    const Log& log_;
    Journal journal_;
    LaunchRecords records_;
    PortPool ports_;
    std::string agentAddress_; ///< what clients are told
    std::string probeAddress_; ///< where the daemon itself reaches agents
    bool accepting_ = true;
    bool leaving_ = false; ///< nothing is waited for any more
    std::map<VmId, VmPtr> vms_;
    std::deque<VmId> ended_; ///< oldest first
    std::uint64_t launching_ = 0;
    std::deque<VmPtr> waitForSlot_;
    asio::steady_timer rotation_;
    WallAlarm ttlAlarm_;
    std::shared_ptr<AheadPool> ahead_;
    bool makingAhead_ = false;
    std::uint64_t launched_ = 0; ///< VMs of this run and of the usual backend whose QEMU came to run
};

} // namespace teehost::vm
