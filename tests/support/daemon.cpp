// SPDX-License-Identifier: Apache-2.0
#include "support/daemon.h"

#include <csignal>
#include <sstream>

#include <nlohmann/json.hpp>

#include "support/failure_notes.h"
#include "support/guest_image.h"
#include "support/proc.h"
#include "support/sanitizer.h"

namespace teehost::test {
namespace {

/// The entries of a log with that text.
std::vector<nlohmann::json> entriesOf(const std::string& log, const std::string& text)
{
    std::vector<nlohmann::json> found;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        auto entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
        if (entry.is_object() && entry.value("msg", "") == text)
            found.push_back(std::move(entry));
    }
    return found;
}

} // namespace

Settings quickSettings(const Stage& stage)
{
    const auto& image = guestImage();
    return {{"state.dir", stage.state()},
            {"runtime.dir", stage.runtime()},
            {"log.dir", stage.logs()},
            {"grpc.port", "0"},
            {"http.port", "0"},
            {"vm.on_shutdown", "stop"},    // tests of what outlives a daemon say so
            {"attesters", "none"},         // a TPM for each VM takes its time
            {"plugins.allow_own", "true"}, // whoever runs the tests has built the plugins
            {"qemu.enable_kvm", "false"},
            {"qemu.host_fwd_range", stage.ports.text()},
            {"qemu.smp.count", "1"},
            {"qemu.smp.maxcpus", "1"},
            {"qemu.memory.size", "256M"},
            {"qemu.memory.max", "2G"},
            {"qemu.kernel.file", image.vmlinux},
            {"qemu.kernel.initrd", image.initrd},
            {"qemu.kernel.cmdline", quickCmdline()},
            {"ovmf.code.file", "none"}};
}

Settings with(Settings settings, const Settings& changes)
{
    for (const auto& [key, value] : changes)
        settings[key] = value;
    return settings;
}

std::string quickCmdline(const std::string& more)
{
    // guest/README.md says what each is for.
    return "quiet console=ttyS0 panic=-1 tsc=reliable no_timer_check mitigations=off nokaslr init_on_alloc=0 "
           "random.trust_cpu=on cryptomgr.notests" +
           (more.empty() ? "" : " " + more);
}

Command daemonCommand(const DaemonOptions& options)
{
    Command command{
        .argv = {TEEHOST_TEST_DAEMON}, .environment = options.environment, .directory = options.directory};
    command.argv.insert(command.argv.end(), options.arguments.begin(), options.arguments.end());
    for (const auto& [key, value] : options.settings)
        command.argv.insert(command.argv.end(), {"--set", key + "=" + value});
    return command;
}

Finished runDaemon(const Stage& stage, const DaemonOptions& options)
{
    return runCommand(daemonCommand(options), stage.scratch.path());
}

Daemon::Daemon(const Stage& stage, const DaemonOptions& options)
{
    static int number = 0;
    logFile_ = stage.scratch / ("daemon-" + std::to_string(number++) + ".log");
    noteOnFailure(logFile_);
    auto command = daemonCommand(options);
    command.errors = logFile_;
    child_ = std::make_unique<Child>(command);
    waitUntilItServes();
    if (options.awaitProbes) // whose programs are children of the daemon, too
        waitUntil("the host is probed", [&] {
            if (!runs())
                throw std::runtime_error("the daemon ended: " + log());
            return timesLogged("the host is probed") > 0;
        });
}

void killProcessesOf(const Stage& stage)
{
    for (const pid_t left : processesWith(stage.scratch.path().string()))
        if (left != ::getpid())
            ::kill(left, SIGKILL);
}

Daemon::~Daemon()
{
    child_.reset();
    if (!owner_.empty())
        for (const pid_t orphan : processesWith(guestName()))
            ::kill(orphan, SIGKILL);
    forgetNote(logFile_);
}

void Daemon::waitUntilItServes()
{
    const std::string kServes = "teehostd serves";
    std::vector<nlohmann::json> lines;
    waitUntil("the daemon serves", [&] {
        const bool ended = !runs();
        lines = entriesOf(log(), kServes);
        if (lines.empty() && ended)
            throw std::runtime_error("the daemon ended with status " + std::to_string(*child_->poll()) +
                                     ": " + log());
        return !lines.empty();
    });
    grpc_ = lines.front().at("grpc");
    http_ = lines.front().at("http");
    owner_ = lines.front().at("owner");
}

std::size_t Daemon::timesLogged(const std::string& text) const { return entriesOf(log(), text).size(); }

void Daemon::crash()
{
    terminated_ = true;
    child_->signal(SIGKILL);
    child_->wait();
}

std::string Daemon::accident()
{
    const auto status = child_->poll();
    if (const auto report = sanitizerReport(log()); !report.empty())
        return "a sanitizer reports: " + report;
    return !status || terminated_ ? "" : "the daemon died with status " + std::to_string(*status);
}

int Daemon::terminate()
{
    terminated_ = !child_->poll();
    child_->signal(SIGTERM);
    return child_->wait();
}

} // namespace teehost::test
