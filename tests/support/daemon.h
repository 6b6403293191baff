// SPDX-License-Identifier: Apache-2.0
//
// A real teehostd with directories, ports and settings of its own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/child.h"
#include "support/files.h"
#include "support/ports.h"

namespace teehost::test {

using Settings = std::map<std::string, std::string>;

/// Where one daemon lives, and the ports it hands out.
struct Stage {
    ScratchDir scratch;
    PortRange ports;

    [[nodiscard]] std::filesystem::path state() const { return scratch / "s"; }
    [[nodiscard]] std::filesystem::path runtime() const { return scratch / "r"; }
    [[nodiscard]] std::filesystem::path logs() const { return scratch / "l"; }
    [[nodiscard]] std::filesystem::path runDir(const std::string& vm) const { return runtime() / "vm" / vm; }
    [[nodiscard]] std::filesystem::path logDir(const std::string& vm) const { return logs() / vm; }
};

/// Directories and ports of the stage, and a small guest that boots in seconds without firmware and hardware
/// virtualisation: TCG behaves the same on every machine that runs the tests.
[[nodiscard]] Settings quickSettings(const Stage& stage);

/// `settings` with `changes` in place of its own.
[[nodiscard]] Settings with(Settings settings, const Settings& changes);

/// The console parameters that make the guest print digests of what it was given, besides the usual ones.
[[nodiscard]] std::string quickCmdline(const std::string& more = {});

struct DaemonOptions {
    Settings settings; ///< given as --set
    std::map<std::string, std::string> environment = {};
    std::vector<std::string> arguments = {}; ///< before the settings
    std::filesystem::path directory = {};    ///< where it is started
    bool awaitProbes = true;                 ///< whether the constructor waits until the host is probed
};

[[nodiscard]] Command daemonCommand(const DaemonOptions& options);

/// Runs a daemon that is to end by itself: a check, a listing, a refusal to start.
[[nodiscard]] Finished runDaemon(const Stage& stage, const DaemonOptions& options);

/// Kills what was started with the stage's directory among its arguments: after a test that was cut short.
void killProcessesOf(const Stage& stage);

class Daemon {
public:
    /// Returns when it serves; throws with its last words when it ends instead.
    Daemon(const Stage& stage, const DaemonOptions& options);
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon(); ///< leaves neither the daemon nor a VM of its behind

    [[nodiscard]] pid_t pid() const noexcept { return child_->pid(); }
    [[nodiscard]] bool runs() { return !child_->poll(); }
    [[nodiscard]] const std::string& grpcAddress() const noexcept { return grpc_; }
    [[nodiscard]] const std::string& httpAddress() const noexcept { return http_; }
    /// With what QEMU's -name begins for every VM of this daemon, and of no other.
    [[nodiscard]] std::string guestName() const { return "guest=teehost-" + owner_ + "-"; }
    /// The UUID by which it knows its VMs.
    [[nodiscard]] const std::string& owner() const noexcept { return owner_; }

    /// Everything it has logged.
    [[nodiscard]] std::string log() const { return readFile(logFile_); }
    /// How many of its log entries have this text.
    [[nodiscard]] std::size_t timesLogged(const std::string& text) const;

    void signal(int number) noexcept { child_->signal(number); }
    /// SIGTERM, and its exit status.
    int terminate();
    /// SIGKILL.
    void crash();
    /// From now on VMs of this daemon are another one's: they are not ended with this object.
    void leaveVms() { owner_.clear(); }
    /// What a sanitizer reports of it, or how it ended although nobody terminated it; empty while it runs, as
    /// it should.
    [[nodiscard]] std::string accident();

private:
    void waitUntilItServes();

    std::filesystem::path logFile_;
    std::unique_ptr<Child> child_;
    std::string grpc_, http_, owner_;
    bool terminated_ = false;
};

} // namespace teehost::test
