// SPDX-License-Identifier: Apache-2.0
//
// The machine as far as it matters: one daemon after the other on the same directories, the stand-ins for
// QEMU, and the ways to make life hard for them.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "chaos/dice.h"
#include "support/daemon.h"

namespace teehost::test {

class World {
public:
    World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World(); ///< ends everything that was started in it

    [[nodiscard]] const Stage& stage() const noexcept { return stage_; }
    [[nodiscard]] bool runs() { return daemon_ && daemon_->runs(); }
    [[nodiscard]] pid_t pid() const { return daemon_->pid(); }
    [[nodiscard]] const std::string& address() const { return daemon_->grpcAddress(); }
    /// With what the name of each QEMU of this world begins.
    [[nodiscard]] const std::string& guestName() const noexcept { return guestName_; }

    /// Throws when the daemon does not come to serve; with a fault that is no error, and runs() tells.
    void start(const std::string& fault = {});
    void kill();
    /// SIGTERM; throws unless the daemon ends with status 0 (or by a fault).
    void terminate();

    /// After kill(): ends every QEMU and every file that no disk had when the daemon died, but for what
    /// chance lets survive. The next daemon is on a host that was booted again.
    void cutPower(Dice& dice);

    /// What the stand-ins do from now on, one after the other: run, slow, exit, late-exit, segv, abrt, hang.
    void decideLaunches(const std::vector<std::string>& launches);
    void fillDisk();
    void freeDisk() noexcept;
    void takeFiles() noexcept; ///< leaves the daemon hardly any file descriptor
    void giveFiles() noexcept;
    void resumeQemus() noexcept; ///< SIGCONT

    void setClock(std::chrono::seconds offset);
    [[nodiscard]] std::chrono::system_clock::time_point now() const
    {
        return std::chrono::system_clock::now() + clock_;
    }

    /// Not under a sanitizer, which wants to be the first library of a process.
    [[nodiscard]] static constexpr bool canCutPower() noexcept { return TEEHOST_POWER_CUTS != 0; }
    [[nodiscard]] bool canFillDisk() const noexcept { return mounted_; }
    /// Of this daemon and the one before it.
    [[nodiscard]] std::vector<std::filesystem::path> logs() const;

private:
    void release();
    [[nodiscard]] Settings settings();
    void mountState();

    Stage stage_;
    bool mounted_ = false;
    std::chrono::seconds clock_{0};
    std::uint64_t boots_ = 1;
    std::string guestName_, fault_;
    std::optional<rlimit> files_; ///< the daemon's own limit, while it has a lower one
    std::unique_ptr<Daemon> daemon_;
};

} // namespace teehost::test
