// SPDX-License-Identifier: Apache-2.0
#include "chaos/world.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "power_cut/power_cut.h"
#include "support/files.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStateSize = "size=8m";
constexpr std::size_t kLogsKept = 2;

// Each start takes the next line of $dir/launches: the file it makes for that is refused when it exists
// (set -C), so two at the same time never take the same. Without other programs, which would be seen for an
// instant as a second process with the arguments of this one.
constexpr const char* kStandIn = R"sh(
what=run
if [ -e "$dir/launches" ]; then
    turn=0
    set -C
    while [ $turn -lt 100 ] && ! { true > "$dir/turns/$turn"; } 2> /dev/null; do turn=$((turn + 1)); done
    set +C
    while [ $turn -ge 0 ] && read -r what; do turn=$((turn - 1)); done < "$dir/launches"
    [ $turn -lt 0 ] || what=run
fi
case $what in
exit) echo "qemu-system-x86_64: the stand-in was told to fail" >&2; exit 1 ;;
late-exit) sleep 0.1; exit 1 ;;
slow) sleep 0.2 ;;
segv) kill -SEGV $$ ;;
abrt) kill -ABRT $$ ;;
hang) hang ;;
esac)sh";

void replaceFile(const fs::path& path, const std::string& text)
{
    const fs::path next = path.string() + ".next";
    writeFile(next, text);
    fs::rename(next, path);
}

} // namespace

World::World()
{
    mountState();
    fs::create_directory(stage_.scratch / "synced");
    static_cast<void>(standInQemu(stage_, kStandIn));
    setClock(std::chrono::seconds(0));
}

World::~World()
{
    if (daemon_)
        daemon_->leaveVms();
    daemon_.reset();
    killProcessesOf(stage_);
    if (mounted_)
        ::umount2(stage_.state().c_str(), MNT_DETACH);
}

/// A state directory that can be filled, seen by this program and its children only: nothing is left of it
/// however they end.
void World::mountState()
{
    fs::create_directory(stage_.state());
    mounted_ = ::unshare(CLONE_NEWNS) == 0 && ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("tmpfs", stage_.state().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, kStateSize) == 0;
    if (!mounted_)
        std::cerr << "cannot mount a tmpfs: a full disk is left out, but for the store's fault point\n";
    fs::permissions(stage_.state(), fs::perms::owner_all);
}

Settings World::settings()
{
    // Short times, so that what hangs is found out within a round, and no limit but the ports'.
    return with(quickSettings(stage_), {{"vm.on_shutdown", "keep"},
                                        {"qemu.bin_path", stage_.scratch / "qemu-wrapper"},
                                        {"qemu.memory.size", "64M"},
                                        {"vm.max", "0"},
                                        {"vm.memory_reserve", "0"},
                                        {"vm.cpu_overcommit", "0"},
                                        {"vm.history", "10000"},
                                        {"vm.launch_timeout", "1500ms"},
                                        {"vm.quit_timeout", "300ms"},
                                        {"vm.term_timeout", "200ms"},
                                        {"vm.health_interval", "500ms"},
                                        {"vm.restart_backoff", "50ms"},
                                        {"vm.restart_backoff_max", "200ms"}});
}

void World::start(const std::string& fault)
{
    release();
    fault_ = fault;
    DaemonOptions options{.settings = settings(),
                          .environment = {{"TEEHOST_FAULT_CLOCK", stage_.scratch / "clock"},
                                          {"TEEHOST_FAULT_BOOT_ID", "boot-" + std::to_string(boots_)}}};
    if (canCutPower())
        options.environment.merge(recorderEnvironment(stage_.scratch / "synced"));
    if (!fault.empty())
        options.environment["TEEHOST_FAULT"] = fault;
    try {
        daemon_ = std::make_unique<Daemon>(stage_, options);
        guestName_ = daemon_->guestName();
    } catch (const std::runtime_error&) {
        if (fault.empty())
            throw;
    }
}

void World::kill()
{
    giveFiles();
    if (daemon_)
        daemon_->crash();
    release();
}

void World::cutPower(Dice& dice)
{
    killProcessesOf(stage_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!processesWith(stage_.scratch.path().string()).empty()) {
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error("processes outlive SIGKILL");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ++boots_;
    // A tmpfs, or cleaned at the boot.
    fs::remove_all(stage_.runtime());
    const auto share = dice.below(5);
    test::cutPower(stage_.state(), stage_.scratch / "synced", stage_.state().filename(),
                   [&] { return dice.below(4) < share; });
    // A file that was renamed and not synced may come back without its content.
    std::error_code none;
    for (const auto& record : fs::directory_iterator(stage_.state() / "records", none))
        if (dice.percent(30))
            fs::resize_file(record.path(), 0);
}

void World::terminate()
{
    giveFiles();
    const int status = daemon_ ? daemon_->terminate() : 0;
    release();
    if (status != 0 && !(status == 128 + SIGKILL && !fault_.empty()))
        throw std::runtime_error("the daemon ended with status " + std::to_string(status) + " after SIGTERM");
}

/// Its VMs are the next daemon's.
void World::release()
{
    if (daemon_)
        daemon_->leaveVms();
    daemon_.reset();
    const auto kept = logs();
    for (const auto& entry : fs::directory_iterator(stage_.scratch.path()))
        if (entry.path().extension() == ".log" &&
            std::find(kept.begin(), kept.end(), entry.path()) == kept.end())
            fs::remove(entry.path());
}

std::vector<fs::path> World::logs() const
{
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(stage_.scratch.path()))
        if (entry.path().extension() == ".log")
            all.push_back(entry.path());
    const auto number = [](const fs::path& path) {
        return std::stoul(path.stem().string().substr(path.stem().string().find('-') + 1));
    };
    std::sort(all.begin(), all.end(),
              [&](const fs::path& a, const fs::path& b) { return number(a) < number(b); });
    if (all.size() > kLogsKept)
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(kLogsKept));
    return all;
}

void World::decideLaunches(const std::vector<std::string>& launches)
{
    fs::remove(stage_.scratch / "launches");
    fs::remove_all(stage_.scratch / "turns");
    if (launches.empty())
        return;
    fs::create_directory(stage_.scratch / "turns");
    std::string text;
    for (const auto& launch : launches)
        text += launch + "\n";
    replaceFile(stage_.scratch / "launches", text);
}

void World::fillDisk()
{
    if (!mounted_)
        return;
    const int fd =
        ::open((stage_.state() / "filler").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    std::string block(1 << 16, 'x');
    while (fd >= 0 && !block.empty()) // to the last page
        if (::write(fd, block.data(), block.size()) < static_cast<ssize_t>(block.size()))
            block.resize(block.size() / 2);
    if (fd >= 0)
        ::close(fd);
}

void World::freeDisk() noexcept
{
    std::error_code ignored;
    fs::remove(stage_.state() / "filler", ignored);
}

void World::takeFiles() noexcept
{
    std::error_code ignored;
    rlimit own{};
    if (!runs() || files_ || ::prlimit(pid(), RLIMIT_NOFILE, nullptr, &own) != 0)
        return;
    rlim_t next = 0;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid()) + "/fd", ignored))
        next = std::max<rlim_t>(next, std::stoul(entry.path().filename()) + 1);
    const rlimit low{next, own.rlim_max};
    if (::prlimit(pid(), RLIMIT_NOFILE, &low, nullptr) == 0)
        files_ = own;
}

void World::giveFiles() noexcept
{
    if (files_ && runs())
        ::prlimit(pid(), RLIMIT_NOFILE, &*files_, nullptr);
    files_.reset();
}

void World::resumeQemus() noexcept
{
    if (!guestName_.empty())
        for (const pid_t qemu : processesWith(guestName_))
            ::kill(qemu, SIGCONT);
}

void World::setClock(std::chrono::seconds offset)
{
    clock_ = offset;
    replaceFile(stage_.scratch / "clock", std::to_string(offset.count()));
}

} // namespace teehost::test
