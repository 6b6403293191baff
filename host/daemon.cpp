// SPDX-License-Identifier: Apache-2.0
#include "host/daemon.h"

#include "host/base/async.h"

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <fcntl.h>
#include <sys/statfs.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include "host/api/http_server.h"
#include "host/api/server.h"
#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "host/base/text.h"
#include "host/base/vm_id.h"
#include "host/launch/vm_dirs.h"
#include "host/telemetry/metrics.h"
#include "host/version.h"
#include "host/vm/backend_choice.h"
#include "host/vm/supervisor.h"

namespace teehost {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t kPoolThreads = 4;
constexpr auto kTlsRefreshInterval = 2s;
constexpr auto kDrainPatience = 2s;
constexpr auto kPackageQueryLimit = 5s;
constexpr long kTmpfsMagic = 0x01021994; // statfs(2)
constexpr std::size_t kLongestRunPath =
    107 - 64; // sockets of sidecars, sun_path(7): room for vm/<uuid>/<name>

/// Made once and kept, so that the daemon is the same one after a restart.
std::string instanceId(const settings::Settings& settings, const fs::path& stateDir)
{
    if (const auto configured = settings.text("instance.id"); !configured.empty())
        return configured;
    const auto path = stateDir / "instance-id";
    std::string text;
    std::ifstream(path) >> text;
    if (VmId::parse(text))
        return text;
    text = VmId::random().text();
    std::ofstream file(path);
    file << text << "\n";
    if (!file.flush())
        throw Error(Category::FailedPrecondition, "cannot write \"" + path.string() + "\"",
                    "check the state directory");
    return text;
}

void warnAbout(const settings::Settings& settings, const launch::HostDirs& dirs, const Log& log)
{
    struct statfs status {};
    if (::statfs(dirs.runtime.c_str(), &status) == 0 && status.f_type != kTmpfsMagic)
        log.warning("the runtime directory is not on a tmpfs: secrets handed to guests touch a disk",
                    {{"runtime.dir", dirs.runtime.string()}});
    if (dirs.runtime.string().size() > kLongestRunPath)
        log.warning(
            "the runtime directory's path is long: sidecars may not be able to make their sockets in it",
            {{"runtime.dir", dirs.runtime.string()}});
    if (!settings.flag("qemu.no_graphic"))
        log.warning("qemu.no_graphic=false has no effect: there is no display");
    if (settings.text("ovmf.code.readonly") == "off")
        log.warning("ovmf.code.readonly=off has no effect: the firmware is shared by all VMs");
    if (settings.text("qemu.monitor") != "none")
        log.warning("a human monitor is open: whoever reaches it controls the VM",
                    {{"qemu.monitor", settings.text("qemu.monitor")}});
}

/// What the operator says, or the version of the package the firmware came from; empty when there is neither.
std::string firmwareVersion(const settings::Settings& settings)
{
    if (const auto configured = settings.text("ovmf.version"); !configured.empty())
        return configured;
    try {
        const auto path = settings.text("ovmf.code.file");
        if (!path.starts_with('/'))
            return {}; // "none"
        const auto owner = runHelper({"dpkg-query", "--search", path}, kPackageQueryLimit);
        const auto package = owner.output.substr(0, owner.output.find(':'));
        const auto version =
            runHelper({"dpkg-query", "--show", "--showformat=${Version}", package}, kPackageQueryLimit);
        return owner.ok() && version.ok() ? printable(trim(version.output)) : std::string();
    } catch (const Error&) {
        return {}; // not a Debian host
    }
}

doctor::KvmProbeResult probeKvmIfWanted(const settings::Settings& settings, const plugin::Loaded& plugins,
                                        const Log& log)
{
    const auto enabled = settings.flagOrAuto("qemu.enable_kvm");
    bool needed = enabled.value_or(true);
    for (const auto& plugin : plugins.plugins)
        needed = needed || plugin->info().needsKvm;
    if (!needed)
        return {doctor::KvmVerdict::Missing, "qemu.enable_kvm=false", "set qemu.enable_kvm", 0, 0};
    const auto result = doctor::probeKvm(fs::read_symlink("/proc/self/exe").string());
    log.info("kvm probed", {{"usable", result.usable() ? "true" : "false"},
                            {"what", result.message},
                            {"ns_per_iteration", std::to_string(result.nsPerIteration)},
                            {"ns_per_exit", std::to_string(result.nsPerExit)}});
    if (!result.usable() && !enabled.has_value())
        log.warning("VMs run on TCG, which is slow and only for development: KVM does not work here",
                    {{"why", result.message}, {"remedy", result.remedy}});
    return result;
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

plugin::Loaded loadConfiguredPlugins(const settings::Settings& hostSettings,
                                     const std::string& startDirectory, const Log& log)
{
    std::vector<std::string> dirs;
    for (const auto& dir : hostSettings.list("plugins.dir"))
        dirs.push_back((fs::path(startDirectory) / dir).lexically_normal().string());
    if (dirs.empty()) {
        const auto bin = fs::read_symlink("/proc/self/exe").parent_path();
        dirs.push_back((bin / "../lib/teehost/plugins").lexically_normal().string());
    }
    plugin::TrustPolicy policy;
    policy.allowOwn = hostSettings.flag("plugins.allow_own");
    return plugin::loadPlugins(dirs, policy, log);
}

struct Daemon::Parts {
    Parts(const settings::Settings& settings, const settings::Environment& environment,
          const plugin::Loaded& plugins, const Log& theLog)
        : log(theLog), kvm(probeKvmIfWanted(settings, plugins, log)),
          probes(vm::probePlugins(plugins, settings, kvm, log))
    {
        const auto dirs = hostDirs(settings);
        launch::prepareHostDirs(dirs, !settings.text("qemu.user").empty());
        warnAbout(settings, dirs, log);
        const auto instance = instanceId(settings, dirs.state);
        vm::Backends backends{plugins,
                              vm::chooseBackend(plugins, probes, settings,
                                                vm::readSwitches(plugins, settings.table(), environment),
                                                log),
                              settings.list("attesters"), [this, &settings](const plugin::PluginInfo& info) {
                                  return vm::chooseAccel(info, settings.flagOrAuto("qemu.enable_kvm"), kvm);
                              }};
        // Asked now, so that MANAGER_QEMU_ENABLE_KVM=true on a host without KVM stops the start.
        const auto accel = backends.accelFor(plugins.find(backends.defaultBackend)->info());
        const std::string backend = backends.defaultBackend;
        supervisor = std::make_unique<vm::Supervisor>(
            io, pool, settings,
            vm::HostFacts{dirs, launch::readHostTopology(), settings.text("qemu.bin_path"), account(settings),
                          instance, firmwareVersion(settings), settings.text("guest.eos_version")},
            std::move(backends), log);
        counting = supervisor->events().subscribe([this](const vm::Event& event) { metrics.count(event); });
        http = std::make_unique<api::HttpServer>(settings,
                                                 api::HttpContent{std::string(kVersion), instance,
                                                                  [this] { return ready.load(); },
                                                                  [this] { return metrics.text(); }},
                                                 log);
        server = std::make_unique<api::Server>(
            *supervisor, api::HostDescription{plugins, probes, backend, std::string(kVersion), instance}, log,
            dirs.runtime);
        loop = std::thread([this] { io.run(); });
        asio::co_spawn(
            io, [this]() -> asio::awaitable<void> { co_await refreshTls(); }, asio::detached);
        ready = true;
        log.info("teehostd serves",
                 {{"version", std::string(kVersion)},
                  {"grpc", settings.text("grpc.host") + ":" + std::to_string(server->port())},
                  {"tls", server->tls() ? "true" : "false"},
                  {"http", settings.text("http.host") + ":" + std::to_string(http->port())},
                  {"backend", backend},
                  {"accel", accel},
                  {"instance", instance}});
    }

    ~Parts()
    {
        ready = false;
        if (loop.joinable()) {
            server->drain();
            endVms();
            server->stop(kDrainPatience);
            tlsTimer.cancel();
            asio::post(io, [this] { io.stop(); });
            loop.join();
        }
        pool.join();
    }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    /// Waits until every VM has ended: each ladder is bounded, unless the kernel cannot end a process.
    void endVms()
    {
        std::promise<void> ended;
        asio::co_spawn(
            io, [this]() -> asio::awaitable<void> { co_await supervisor->shutdown(); },
            [&ended](std::exception_ptr) { ended.set_value(); });
        ended.get_future().wait();
    }

    asio::awaitable<void> refreshTls()
    {
        while (ready) {
            tlsTimer.expires_after(kTlsRefreshInterval);
            boost::system::error_code cancelled;
            co_await tlsTimer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
            if (cancelled)
                co_return;
            auto refresh = [this] { server->refreshTls(); };
            co_await onPool(pool, refresh);
        }
    }

    const Log& log;
    doctor::KvmProbeResult kvm;
    vm::ProbeResults probes;
    telemetry::Metrics metrics;
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    asio::thread_pool pool{kPoolThreads};
    asio::steady_timer tlsTimer{io};
    std::atomic<bool> ready{false};
    std::unique_ptr<vm::Supervisor> supervisor;
    vm::EventLog::Subscription counting;
    std::unique_ptr<api::HttpServer> http;
    std::unique_ptr<api::Server> server;
    std::thread loop;
};

Daemon::Daemon(const settings::Settings& settings, const settings::Environment& environment,
               const plugin::Loaded& plugins, const Log& log)
    : parts_(std::make_unique<Parts>(settings, environment, plugins, log))
{
}

Daemon::~Daemon() = default;

} // namespace teehost
