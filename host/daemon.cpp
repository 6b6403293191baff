// SPDX-License-Identifier: Apache-2.0
#include "host/daemon.h"

#include "host/base/async.h"

#include <filesystem>
#include <future>
#include <map>
#include <thread>

#include <fcntl.h>
#include <sys/statfs.h>

#include <boost/asio/executor_work_guard.hpp>

#include "host/agent/agent_probe.h"
#include "host/api/http_server.h"
#include "host/api/listen_address.h"
#include "host/api/server.h"
#include "host/appraisal/attestor.h"
#include "host/base/error.h"
#include "host/base/service_manager.h"
#include "host/base/text.h"
#include "host/instance.h"
#include "host/launch/vm_dirs.h"
#include "host/store/store.h"
#include "host/telemetry/metrics.h"
#include "host/version.h"
#include "host/vm/supervisor.h"

namespace teehost {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr const char* kStoreFile = "teehost.db";
constexpr std::size_t kMaxPoolThreads = 4;
constexpr auto kTlsRefreshInterval = 2s;
constexpr auto kDrainPatience = 2s;
constexpr auto kLogPatience = 1s;
constexpr auto kSelfCheckInterval = 5s;
constexpr auto kSelfCheckLimit = 5s;
constexpr long kTmpfsMagic = 0x01021994; // statfs(2)

/// Whether there are directories of VMs, of whichever daemon.
bool hasVms(const launch::HostDirs& dirs)
{
    std::error_code error;
    const fs::directory_iterator vms(dirs.runtime / "vm", error);
    return !error && vms != fs::directory_iterator();
}

/// The name of this daemon for people: instance.id, or else its UUID.
std::string shownInstance(const settings::Settings& settings, const Instance& instance)
{
    const auto configured = settings.text("instance.id");
    return configured.empty() ? instance.owner.text() : configured;
}

void warnAbout(const settings::Settings& settings, const launch::HostDirs& dirs, const Log& log)
{
    struct statfs status {};
    if (::statfs(dirs.runtime.c_str(), &status) == 0 && status.f_type != kTmpfsMagic)
        log.warning("the runtime directory is not on a tmpfs: secrets handed to guests touch a disk",
                    {{"runtime.dir", dirs.runtime.string()}});
    if (!settings.flag("qemu.no_graphic"))
        log.warning("qemu.no_graphic=false has no effect: there is no display");
    if (settings.text("ovmf.code.readonly") == "off")
        log.warning("ovmf.code.readonly=off has no effect: the firmware is shared by all VMs");
    if (settings.text("qemu.monitor") != "none")
        log.warning("a human monitor is open: whoever reaches it controls the VM",
                    {{"qemu.monitor", settings.text("qemu.monitor")}});
}

std::optional<launch::Account> account(const settings::Settings& settings)
{
    const auto name = settings.text("qemu.user");
    return name.empty() ? std::nullopt : std::optional(launch::lookUpAccount(name));
}

launch::HostDirs hostDirs(const settings::Settings& settings)
{
    return {settings.text("state.dir"), settings.text("runtime.dir"), settings.text("log.dir")};
}

} // namespace

struct Daemon::Parts {
    Parts(const settings::Settings& settings, const plugin::Loaded& plugins, const Pending& thePending,
          const Log& theLog, bool recover)
        : log(theLog), pending(thePending)
    {
        const auto dirs = hostDirs(settings);
        launch::prepareHostDirs(dirs, !settings.text("qemu.user").empty());
        stateLock.emplace(dirs.state);
        runtimeLock.emplace(dirs.runtime);
        warnAbout(settings, dirs, log);
        const Instance own = readInstance(dirs, log);
        const std::string instance = shownInstance(settings, own);
        openStore(dirs.state / kStoreFile, settings, recover);
        supervisor = std::make_unique<vm::Supervisor>(
            io, pool, calls, settings,
            vm::HostFacts{dirs, launch::readHostTopology(), settings.text("qemu.bin_path"), account(settings),
                          own.owner, settings.text("guest.eos_version")},
            plugins, *store, log);
        // A store that vanished between two starts says nothing about the VMs that run, with or without the
        // UUID.
        supervisor->restore(recover || (store->fresh() && (!own.firstStart || hasVms(dirs))));
        for (const auto& view : supervisor->list())
            metrics.admit(view.state);
        counting = supervisor->events().subscribe([this](const vm::Event& event) { metrics.count(event); });
        http = std::make_unique<api::HttpServer>(
            settings,
            api::HttpContent{std::string(kVersion), instance, [this] { return whyNotReady(); },
                             [this] {
                                 metrics.setStoreHealthy(store->healthy());
                                 metrics.setLogLinesDropped(log.dropped());
                                 return metrics.text();
                             }},
            log);
        attestor = std::make_unique<appraisal::Attestor>(*supervisor, judging, log);
        server = std::make_unique<api::Server>(*supervisor, *attestor,
                                               api::HostDescription{plugins, std::string(kVersion), instance},
                                               log, dirs.runtime);
        const api::ListenAddress grpcAddress(settings, "grpc");
        ready = true; // what is spawned below ends when it is not
        loop = std::thread([this] { io.run(); });
        spawn(io, [this] { return refreshTls(); });
        spawn(io, [this] { return feedWatchdog(); });
        spawn(io, [this] { return attestor->run(); });
        spawn(io, [this, address = grpcAddress.reachable()] { return staySeen(address); });
        spawn(io, [this, dirs] { return noticeVanished(dirs); });
        log.info("teehostd serves", {{"version", std::string(kVersion)},
                                     {"grpc", grpcAddress.shown(server->port())},
                                     {"tls", server->tls() ? "true" : "false"},
                                     {"http", api::ListenAddress(settings, "http").shown(http->port())},
                                     {"instance", instance},
                                     {"owner", own.owner.text()}});
    }

    /// The reason why GET /ready says no; empty when it says yes. Any thread.
    [[nodiscard]] std::string whyNotReady() const
    {
        if (ready && decided)
            return {};
        if (ready)
            return "probing the host: " + pending.text();
        return decided ? "ending" : "starting";
    }

    /// Any thread, once.
    void decide(vm::Decisions decisions)
    {
        const std::string backend = decisions.backend, accel = decisions.accel;
        std::promise<void> taken;
        asio::post(io, [this, &taken, &decisions] {
            supervisor->decide(std::move(decisions));
            taken.set_value();
        });
        taken.get_future().wait();
        decided = true;
        notifyServiceManager("READY=1");
        log.info("the host is probed", {{"backend", backend}, {"accel", accel}});
    }

    ~Parts()
    {
        ready = false;
        notifyServiceManager("STOPPING=1");
        if (loop.joinable()) {
            server->drain();
            attestor->stop();
            leaveVms();
            server->stop(kDrainPatience);
            asio::post(io, [this] {
                tlsTimer.cancel();
                seenTimer.cancel();
                filesTimer.cancel();
                watchdogTimer.cancel();
                io.stop();
            });
            loop.join();
        }
        pool.join();
        if (!calls.idleWithin(kDrainPatience) || !judging.idleWithin(kDrainPatience)) {
            // Everything is on the disk and nothing else is owed: a plugin must not keep the daemon.
            store.reset();
            log.error("a call of a plugin never returned; ending without it");
            log.flush(kLogPatience);
            std::_Exit(exitStatus);
        }
    }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    /// Waits until what is being created is undone and, with vm.on_shutdown=stop, until every VM has ended:
    /// each ladder is bounded, unless the kernel cannot end a process. A start that was refused after all
    /// leaves them.
    void leaveVms()
    {
        std::promise<void> ended;
        const auto leave = [this] {
            return supervisor->shutdown(exitStatus == EXIT_SUCCESS ? vm::Leave::AsConfigured
                                                                   : vm::Leave::EveryVm);
        };
        spawn(io, leave, [&ended](std::exception_ptr) { ended.set_value(); });
        ended.get_future().wait();
    }

    void openStore(const fs::path& path, const settings::Settings& settings, bool recover)
    {
        if (recover)
            if (const auto aside = store::Store::setAside(path); !aside.empty())
                log.warning(
                    "the store was set aside; VMs that still run are reported, and are for the operator "
                    "to end",
                    {{"file", aside.string()}});
        store = std::make_unique<store::Store>(path, settings.number("vm.event_history"), log);
    }

    asio::awaitable<void> refreshTls()
    {
        while (ready) {
            tlsTimer.expires_after(kTlsRefreshInterval);
            const bool expired = co_await expiry(tlsTimer);
            if (!expired)
                co_return;
            auto refresh = [this] { server->refreshTls(); };
            co_await onPool(pool, refresh);
        }
    }

    /// When gRPC could not accept a connection, asks its port as a client would, until it answers, and has it
    /// opened again when it does not.
    asio::awaitable<void> staySeen(std::string address)
    {
        while (ready) {
            seenTimer.expires_after(kSelfCheckInterval);
            const bool expired = co_await expiry(seenTimer);
            if (!expired || !ready)
                co_return;
            if (!api::Server::mayBeDeaf())
                continue;
            const auto port = static_cast<std::uint16_t>(server->port());
            const auto answer = co_await agent::probeAgent(io, address, port, kSelfCheckLimit);
            if (answer != agent::Answer::None) {
                api::Server::answers();
                continue;
            }
            log.error("the gRPC port does not answer; it is opened again");
            auto reopen = [this] {
                try {
                    if (ready)
                        server->reopen();
                } catch (const Error& error) {
                    log.error("the gRPC port cannot be opened again", {{"error", error.what()}});
                }
            };
            co_await onPool(pool, reopen);
        }
    }

    /// Names files of the daemon's own that vanish while it runs, once each. Creates make the directories
    /// again, but what is in an unlinked store is lost with this daemon, and an unlinked lock keeps nobody
    /// out.
    asio::awaitable<void> noticeVanished(launch::HostDirs dirs)
    {
        std::map<fs::path, std::string> files{
            {dirs.state / kStoreFile,
             "the next daemon will find the VMs as orphans; `teehost adopt` takes them up"},
            {dirs.state / kInstanceFile,
             "by it the daemon knows its VMs; the next start makes it again while they run"},
            {dirs.state / store::StateLock::kFile, "another daemon could use the directory"},
            {dirs.runtime / store::StateLock::kFile, "another daemon could use the directory"}};
        while (ready) {
            filesTimer.expires_after(kSelfCheckInterval);
            const bool expired = co_await expiry(filesTimer);
            if (!expired || !ready)
                co_return;
            auto look = [this, &files] {
                std::erase_if(files, [this](const auto& file) {
                    std::error_code error;
                    const bool gone = !fs::exists(file.first, error) && !error;
                    if (gone)
                        log.error("a file of the daemon's vanished under it",
                                  {{"file", file.first.string()}, {"consequence", file.second}});
                    return gone;
                });
            };
            co_await onPool(pool, look);
        }
    }

    /// From the thread that owns the VMs: when that one is stuck, the service manager starts another daemon,
    /// which adopts them.
    asio::awaitable<void> feedWatchdog()
    {
        const auto interval = watchdogInterval();
        while (interval && ready) {
            notifyServiceManager("WATCHDOG=1");
            watchdogTimer.expires_after(*interval / 3);
            co_await expiry(watchdogTimer);
        }
    }

    const Log& log;
    const Pending& pending;
    int exitStatus = EXIT_SUCCESS;
    telemetry::Metrics metrics;
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    Workers pool{kMaxPoolThreads};
    vm::PluginCalls calls{io};
    vm::PluginCalls judging{io}; ///< of evidence: what waits for collateral must not hold up launches
    asio::steady_timer tlsTimer{io}, watchdogTimer{io}, seenTimer{io}, filesTimer{io};
    std::atomic<bool> ready{false}, decided{false};
    std::optional<store::StateLock> stateLock, runtimeLock;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<vm::Supervisor> supervisor;
    vm::EventLog::Subscription counting;
    std::unique_ptr<api::HttpServer> http;
    std::unique_ptr<appraisal::Attestor> attestor;
    std::unique_ptr<api::Server> server;
    std::thread loop;
};

Daemon::Daemon(const settings::Settings& settings, const plugin::Loaded& plugins, const Pending& pending,
               const Log& log, bool recover)
    : parts_(std::make_unique<Parts>(settings, plugins, pending, log, recover))
{
}

void Daemon::giveUp(int status) { parts_->exitStatus = status; }

void Daemon::decide(vm::Decisions decisions) { parts_->decide(std::move(decisions)); }

Daemon::~Daemon() = default;

} // namespace teehost
