// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/vm/supervisor.h"

namespace teehost::vm {

/// The coroutine that is one VM's life: prepare, launch, boot, watch, end. Each step throws when it fails or
/// when the VM is to end; end() then undoes whatever exists, in reverse order.
class VmLife {
public:
    VmLife(Supervisor& supervisor, std::shared_ptr<Vm> vm, launch::VmSecrets secrets)
        : supervisor_(supervisor), vm_(std::move(vm)), secrets_(std::move(secrets))
    {
    }

    /// Runs to the end of the VM; never throws.
    asio::awaitable<void> run();

private:
    asio::awaitable<void> prepare();
    [[nodiscard]] std::string prepareFiles(); ///< on the pool; the model of the guest's processor
    void writeShares(const launch::VmDirs& dirs);
    void composeFragments(const plugin::VmFacts& facts);
    asio::awaitable<void> startSidecars();
    asio::awaitable<void> waitUntilReady(Sidecar& sidecar);
    asio::awaitable<void> launch();
    asio::awaitable<bool> tryLaunch();
    asio::awaitable<void> connectQmp(Clock::time_point deadline);
    asio::awaitable<void> boot();
    void askAgent();
    asio::awaitable<void> watch();

    asio::awaitable<void> end(std::exception_ptr failure);
    asio::awaitable<void> stopQemu();
    [[nodiscard]] bool asksGuest() const;
    asio::awaitable<void> stopSidecars();
    asio::awaitable<void> stopProcess(std::shared_ptr<Process> process, Clock::duration patience);
    asio::awaitable<bool> qmpCommand(std::string command, Clock::duration limit);
    asio::awaitable<bool> endsWithin(std::shared_ptr<Process> process, Clock::duration limit);
    void decideOutcome(std::exception_ptr failure);

    [[nodiscard]] bool tooManyQmpEvents();
    void onQmpEvent(const std::string& name, const nlohmann::json& data);
    void throwIfStopping() const;
    void spawnQemu(launch::LaunchPlan& plan);
    [[nodiscard]] launch::PlanContext planContext() const;
    asio::awaitable<Error> launchFailure(std::string stage, std::string output, int waitStatus);

    Supervisor& supervisor_;
    std::shared_ptr<Vm> vm_;
    launch::VmSecrets secrets_;
    std::vector<plugin::Fragment> fragments_;
    std::string qemuVersion_;
    Clock::time_point qmpWindow_; ///< since when qmpEvents_ counts
    unsigned qmpEvents_ = 0;
    bool wasPaused_ = false; ///< when its end began
};

} // namespace teehost::vm
