// SPDX-License-Identifier: Apache-2.0
#include "load/bench_daemon.h"

#include <exception>
#include <filesystem>

#include "support/failure_notes.h"
#include "support/files.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;

std::size_t entries(const fs::path& directory)
{
    std::size_t count = 0;
    std::error_code ignored;
    for (fs::directory_iterator it(directory, ignored), end; !ignored && it != end; it.increment(ignored))
        ++count;
    return count;
}

/// Twice as many ports as VMs, in whole blocks: one that a VM has just left may be tested too early.
std::uint16_t portsFor(std::size_t vms)
{
    return static_cast<std::uint16_t>((2 * vms / PortRange::kSize + 1) * PortRange::kSize);
}

} // namespace

BenchDaemon::BenchDaemon(std::size_t vms) : ports_(portsFor(vms))
{
    static_cast<void>(standInQemu(stage_));
    start();
}

BenchDaemon::~BenchDaemon()
{
    if (std::uncaught_exceptions() > 0)
        printNotes(); // the daemon's last words
    if (daemon_)
        daemon_->leaveVms();
    daemon_.reset();
    killProcessesOf(stage_);
}

void BenchDaemon::start()
{
    const Settings light{{"vm.on_shutdown", "keep"},
                         {"qemu.bin_path", stage_.scratch / "qemu-wrapper"},
                         {"qemu.host_fwd_range", ports_.text()},
                         {"qemu.memory.size", "64M"},
                         {"vm.max", "0"},
                         {"vm.memory_reserve", "0"},
                         {"vm.cpu_overcommit", "0"},
                         {"vm.launch_timeout", "60s"}, // a sanitized daemon on a busy machine
                         {"vm.history", "1000"},
                         {"log.level", "info"}};
    // The stand-ins take next to nothing of the memory that is promised to VMs, which the host need not have.
    DaemonOptions options{.settings = with(quickSettings(stage_), light),
                          .environment = {{"TEEHOST_FAULT", "host-memory:errno=1024"}}};
    daemon_ = std::make_unique<Daemon>(stage_, options);
}

void BenchDaemon::crash()
{
    daemon_->crash();
    daemon_->leaveVms();
    daemon_.reset();
}

void BenchDaemon::terminate()
{
    const int status = daemon_->terminate();
    if (status != 0)
        throw std::runtime_error("the daemon ended with status " + std::to_string(status) + ":\n" +
                                 daemon_->log());
}

Footprint BenchDaemon::footprint() const
{
    const auto pid = daemon_->pid();
    Footprint now;
    now.threads = std::stoul(statusOf(pid, "Threads"));
    now.residentKiB = std::stoull(statusOf(pid, "VmRSS"));
    now.files = entries("/proc/" + std::to_string(pid) + "/fd");
    now.children = childrenOf(pid).size();
    now.rows = std::stoul(
        runOrThrow({"sqlite3", "-readonly", stage_.state() / "teehost.db", "SELECT count(*) FROM vm"},
                   stage_.scratch.path()));
    now.directories =
        entries(stage_.runtime() / "vm") + entries(stage_.state() / "vm") + entries(stage_.logs());
    return now;
}

} // namespace teehost::test
