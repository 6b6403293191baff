// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/vm/marker_search.h"
#include "host/vm/process_identity.h"
#include "host/vm/supervisor.h"

namespace teehost::vm {

/// The coroutine that is one VM's life: prepare, launch, boot, watch, end. Each step throws when it fails or
/// when the VM is to end; end() then undoes whatever exists, in reverse order. Before each step that leaves a
/// trace outside the process the store knows what is about to exist, so that a daemon that starts after a
/// crash at any instant finishes or undoes it (docs/architecture.md, "Surviving").
class VmLife : public std::enable_shared_from_this<VmLife> {
public:
    VmLife(Supervisor& supervisor, std::shared_ptr<Vm> vm, launch::VmSecrets secrets,
           std::vector<plugin::Fragment> fragments)
        : supervisor_(supervisor), vm_(std::move(vm)), secrets_(std::move(secrets)),
          fragments_(std::move(fragments))
    {
    }

    /// From the beginning to the end of the VM.
    asio::awaitable<void> run();
    /// From where the daemon before this one left it, after findProcesses().
    asio::awaitable<void> resume();
    /// Takes hold of the VM's processes that still run.
    void findProcesses();

private:
    // vm_life.cpp, vm_prepare.cpp, vm_sidecars.cpp: the beginning
    asio::awaitable<void> prepare();
    [[nodiscard]] std::string prepareFiles(); ///< on the pool; the model of the guest's processor
    void writeShares(const launch::VmDirs& dirs);
    asio::awaitable<void> startSidecars();
    asio::awaitable<void> startSidecar(plugin::SidecarPlan plan);
    asio::awaitable<void> waitUntilReady(plugin::SidecarPlan plan, std::shared_ptr<Process> process);
    asio::awaitable<void> launch();
    asio::awaitable<void> recompose();
    asio::awaitable<void> findPort();
    asio::awaitable<bool> tryLaunch();
    asio::awaitable<void> spawnQemu(launch::LaunchPlan plan);
    asio::awaitable<void> keepRecord();
    asio::awaitable<void> connectQmp(Clock::time_point deadline);
    asio::awaitable<Error> launchFailure(std::string stage, std::string output, int waitStatus);
    enum class From {
        Beginning,
        Launch, ///< everything is prepared
        Restart ///< of the daemon: where the one before this one left it
    };
    asio::awaitable<std::exception_ptr> goThrough(From from);
    asio::awaitable<void> liveOn();

    // vm_boot.cpp: until the guest is up
    asio::awaitable<void> boot();
    asio::awaitable<void> becomeUp();
    void judgeBootTime();
    [[nodiscard]] std::string bootTrouble() const;
    Clock::time_point lookForSigns();
    [[nodiscard]] Clock::duration probePause() const;
    void lookAtConsole();
    void askAgent();
    void hear(agent::Answer answer, std::uint64_t number);
    [[nodiscard]] bool mayBeSilentServer() const;
    asio::awaitable<bool> isTaken(std::string address, std::uint16_t port);
    asio::awaitable<std::size_t> countTaken();

    // vm_watch.cpp: while the guest runs
    asio::awaitable<void> watch();
    asio::awaitable<void> followPause();
    void lookAtSidecars();
    asio::awaitable<void> reconnectQmp();
    asio::awaitable<void> judgeHealth();
    [[nodiscard]] std::string agentTrouble() const;
    void askQmp();
    asio::awaitable<void> measure();        // vm_attest.cpp
    asio::awaitable<void> recordVerdicts(); // vm_attest.cpp
    [[nodiscard]] bool tooManyQmpEvents();
    void onQmpEvent(const std::string& name, const nlohmann::json& data);

    // vm_adopt.cpp: after a restart of the daemon
    asio::awaitable<void> takeUp();
    asio::awaitable<void> waitOutLaunching();
    asio::awaitable<void> stayLost();
    asio::awaitable<void> stayAside();
    asio::awaitable<void> resumeQmp();
    [[nodiscard]] bool isOfEarlierBoot() const;
    [[nodiscard]] Error endedMeanwhile() const;

    // vm_end.cpp
    asio::awaitable<void> end();
    asio::awaitable<bool> restartAfter();
    [[nodiscard]] bool mayRestart() const;
    asio::awaitable<void> keepRow();
    asio::awaitable<void> clearAway();
    asio::awaitable<void> stopQemu();
    asio::awaitable<void> connectForEnd();
    [[nodiscard]] bool asksGuest() const;
    asio::awaitable<void> stopSidecars();
    asio::awaitable<void> stopProcess(std::shared_ptr<Process> process, Clock::duration patience);
    asio::awaitable<void> removeFiles();
    asio::awaitable<bool> qmpCommand(std::string command, Clock::duration limit);
    asio::awaitable<bool> endsWithin(std::shared_ptr<Process> process, Clock::duration limit);
    [[nodiscard]] Outcome outcomeOf(std::exception_ptr failure) const;
    [[nodiscard]] Outcome outcomeOfExit() const;

    void throwIfStopping() const;
    [[nodiscard]] launch::PlanContext planContext() const;
    [[nodiscard]] launch::LaunchPlan plan() const;

    /// Answers of QEMU or the agent, counted from one health check to the next.
    struct Channel {
        bool answered = true;             ///< since the last check
        unsigned misses = 0, answers = 0; ///< in a row
        bool down = false;

        void judge(std::uint64_t missesForDown);
    };

    /// The time in which a healthy QEMU or agent answers a question.
    static constexpr std::chrono::seconds kHealthLimit{5};

    Supervisor& supervisor_;
    std::shared_ptr<Vm> vm_;
    launch::VmSecrets secrets_;
    std::vector<plugin::Fragment> fragments_;
    std::string qemuVersion_;
    bool launchingStill_ = false; ///< adopted while it was teehost-launch
    bool resumedWaiting_ = false; ///< adopted while it waited to be launched again
    bool cannotLook_ = false;     ///< /proc does not show the VM's process
    Clock::time_point qmpWindow_; ///< since when qmpEvents_ counts
    unsigned qmpEvents_ = 0;
    Channel qmpHealth_, agentHealth_;
    std::shared_ptr<MarkerSearch> marker_; ///< null until the console is looked at
    bool lookingAtConsole_ = false;
    Clock::time_point nextConsoleLook_, nextProbe_;
    std::uint64_t probes_ = 0,
                  heardProbe_ = 0; ///< numbers of the last one sent, and of the last that answered
    unsigned silences_ = 0;        ///< probes in a row that nobody answered
    Clock::time_point bootBegan_, bootDeadline_, nicReadySince_;
    bool bootTimeoutTold_ = false;
    agent::Answer lastAnswer_ = agent::Answer::None; ///< with which the next probe begins
};

} // namespace teehost::vm
