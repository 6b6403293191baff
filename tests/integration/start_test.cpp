// SPDX-License-Identifier: Apache-2.0
//
// A start, and the check that goes before it: what they refuse, all at once, and what they make do with.
#include <algorithm>
#include <future>

#include <signal.h>

#include <cppunit/extensions/HelperMacros.h>

#include "settings_host_test.h"
#include "support/cli.h"
#include "support/files.h"
#include "support/http.h"
#include "support/wait.h"

namespace teehost::test {
namespace {

class StartTest final : public SettingsHostTest {
    CPPUNIT_TEST_SUITE(StartTest);
    CPPUNIT_TEST(startsOutOfAFileOfAnotherDistribution);
    CPPUNIT_TEST(refusesEverythingAtOnce);
    CPPUNIT_TEST(checksWhatAStartWouldRefuse);
    CPPUNIT_TEST(checksBesideADaemonThatRuns);
    CPPUNIT_TEST(tellsAddressesThatMayPass);
    CPPUNIT_TEST(takesEveryNameOfLoopback);
    CPPUNIT_TEST(makesItsDirectoriesAgain);
    CPPUNIT_TEST(servesWhileTheHostIsProbed);
    CPPUNIT_TEST(givesUpACreateWhileTheHostIsProbed);
    CPPUNIT_TEST(endsWhileTheHostIsProbed);
    CPPUNIT_TEST(restartsWithItsAttestersBeforeTheHostIsProbed);
    CPPUNIT_TEST(refusesAfterItServedAndLeavesVms);
    CPPUNIT_TEST(decidesFirstWhenASettingInsists);
    CPPUNIT_TEST_SUITE_END();

    /// An environment file as Cocos installs one, in kind: own ports among those of the agents, firmware of
    /// another distribution, a directory in place of a program, more memory than this host has.
    std::map<std::string, std::string> fileOfAnotherDistribution()
    {
        const auto port = [&](unsigned offset) { return std::to_string(stage().ports.low() + offset); };
        return {{"COCOS_JAEGER_URL", "http://localhost:4318"},
                {"MANAGER_INSTANCE_ID", ""},
                {"MANAGER_ATTESTATION_POLICY_BINARY", "../../somewhere"},
                {"MANAGER_IGVMMEASURE_BINARY", "/"},
                {"MANAGER_GRPC_SERVER_CERT", ""},
                {"MANAGER_GRPC_SERVER_KEY", ""},
                {"MANAGER_GRPC_CLIENT_CA_CERTS", ""},
                {"MANAGER_GRPC_HOST", "0.0.0.0"},
                {"MANAGER_GRPC_PORT", port(1)},
                {"MANAGER_HTTP_SERVER_CERT", ""},
                {"MANAGER_HTTP_HOST", "0.0.0.0"},
                {"MANAGER_HTTP_PORT", port(2)},
                {"MANAGER_GRPC_TIMEOUT", "60s"},
                {"MANAGER_EOS_VERSION", "\"\""}, // as docker --env-file hands it on
                {"MANAGER_MAX_VMS", "10\r"},     // as a shell reads a file from Windows
                {"MANAGER_QEMU_MEMORY_SIZE", "25000G"},
                {"MANAGER_QEMU_MAX_MEMORY", "30000G"},
                {"MANAGER_QEMU_OVMF_CODE_FILE", "/usr/share/other/x64/OVMF_CODE.fd"},
                {"MANAGER_QEMU_OVMF_VARS_FILE", "/usr/share/other/x64/OVMF_VARS.fd"},
                {"MANAGER_QEMU_DISK_IMG_KERNEL_FILE", "/nonexistent/bzImage"},
                {"MANAGER_QEMU_DISK_IMG_ROOTFS_FILE", "/nonexistent/rootfs.cpio.gz"},
                {"MANAGER_QEMU_HOST_FWD_RANGE", stage().ports.text()},
                {"MANAGER_QEMU_HOST_FWD_AGENT", "7020"},
                {"MANAGER_QEMU_HOST_DATA", ""},
                {"MANAGER_QEMU_ENABLE_SEV_SNP", "false"},
                {"MANAGER_QEMU_ENABLE_TDX", "false"},
                {"MANAGER_QEMU_ENABLE_KVM", "false"},
                {"MANAGER_QEMU_USE_SUDO", "true"},
                {"MANAGER_QEMU_SMP_MAXCPUS", "16"},
                {"MANAGER_QEMU_MONITOR", "pty"}};
    }

    void startsOutOfAFileOfAnotherDistribution()
    {
        auto environment = fileOfAnotherDistribution();
        const auto words = refusal(check({.settings = {}, .environment = environment}));
        for (const std::string part :
             {"grpc.host=0.0.0.0 and http.host=0.0.0.0 are not loopback addresses",
              "MANAGER_GRPC_SERVER_CERT", "MANAGER_GRPC_SERVER_KEY", "MANAGER_HTTP_SERVER_CERT",
              "MANAGER_GRPC_ALLOW_PLAINTEXT", "MANAGER_GRPC_HOST"})
            requireContains(words, part);
        environment["MANAGER_GRPC_ALLOW_PLAINTEXT"] = "true";
        const auto checked = check({.settings = {}, .environment = environment});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(checked.errors, 0, checked.status);
        for (const std::string part :
             {"OVMF_CODE.fd (environment MANAGER_QEMU_OVMF_CODE_FILE) does not exist here",
              "is not a program", "/nonexistent/bzImage", "hold the daemon's own",
              "MANAGER_QEMU_ENABLE_SEV_SNP=false", "MANAGER_QEMU_ENABLE_TDX=false", "without TLS",
              "MANAGER_QEMU_HOST_FWD_ADDRESS", "MANAGER_EOS_VERSION has quotes"})
            requireContains(checked.errors, part);
        Settings own;
        for (const auto& [key, value] : quickSettings(stage()))
            if (key.ends_with(".dir") || key.starts_with("plugins."))
                own[key] = value;
        startExactly(own, {.settings = {}, .environment = environment});
        CPPUNIT_ASSERT_EQUAL("0.0.0.0:" + std::to_string(stage().ports.low() + 1), daemon().grpcAddress());
        const auto refused = client().call(&Manager::CreateVm, manager::CreateReq()).status;
        CPPUNIT_ASSERT(!refused.ok());
        requireContains(refused.error_message(), "/nonexistent/bzImage");
        endDaemon();
    }

    void refusesEverythingAtOnce()
    {
        auto settings = quickSettings(stage());
        settings["vm.max"] = "many";
        settings["qemu.smp.count"] = "8";
        settings["grpc.host"] = "0.0.0.0";
        settings["http.server_cert"] = "/nonexistent";
        settings["http.server_key"] = "/nonexistent";
        settings["backend"] = "no-such";
        settings["instance.id"] = "<INSTANCE>";
        settings["qemu.user"] = "no-such-account";
        settings["runtime.dir"] = "/" + std::string(70, 'r');
        for (const bool checkOnly : {true, false}) {
            const auto finished =
                runDaemon(stage(), {.settings = settings,
                                    .environment = {{"MANAGER_QEMU_ENABLE_NOSUCH", "true"}},
                                    .arguments = checkOnly ? std::vector<std::string>{"--check-config"}
                                                           : std::vector<std::string>()});
            CPPUNIT_ASSERT_EQUAL(78, finished.status);
            const auto words = refusals(finished);
            for (const std::string part : {"vm.max=many", "qemu.smp.count=8", "grpc.host=0.0.0.0",
                                           "http.server_cert", "backend=no-such", "instance.id=<INSTANCE>",
                                           "no-such-account", "is too long", "MANAGER_QEMU_ENABLE_NOSUCH"})
                requireContains(words, part);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(words, std::ptrdiff_t{9},
                                         std::count(words.begin(), words.end(), '\n'));
        }
        CPPUNIT_ASSERT(!std::filesystem::exists(stage().state()));
    }

    void checksWhatAStartWouldRefuse()
    {
        writeFile(stage().scratch / "file", "x");
        std::filesystem::create_directory(stage().scratch / "open");
        std::filesystem::permissions(stage().scratch / "open", std::filesystem::perms::all);
        struct Row {
            Settings changes;
            std::string words;
        };
        const Row rows[] = {{{{"state.dir", stage().scratch / "open"}}, "can be written by others"},
                            {{{"log.dir", stage().scratch / "file"}}, "is not a directory"},
                            {{{"grpc.port", "7777"}, {"http.port", "7777"}}, "both 7777"},
                            {{{"grpc.server_cert", "/nonexistent"}}, "without grpc.server_key"},
                            {{{"ovmf.code.file", "/usr/share/OVMF/OVMF_CODE.fd"},
                              {"ovmf.vars.file", "/usr/share/OVMF/OVMF_VARS_4M.fd"}},
                             "was not built with"},
                            {{{"plugins.dir", stage().scratch / "none"}}, "no backend can run"}};
        for (const auto& row : rows) {
            const auto settings = with(quickSettings(stage()), row.changes);
            const auto checked = refusals(check({.settings = settings}));
            requireContains(checked, row.words);
            CPPUNIT_ASSERT_EQUAL(checked, refusals(runDaemon(stage(), {.settings = settings})));
        }
    }

    void checksBesideADaemonThatRuns()
    {
        startDaemon();
        auto settings = quickSettings(stage());
        settings["grpc.port"] = daemon().grpcAddress().substr(daemon().grpcAddress().rfind(':') + 1);
        const auto checked = check({.settings = settings});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(checked.errors, 0, checked.status);
    }

    /// systemd tries again what ends with 75.
    void tellsAddressesThatMayPass()
    {
        startDaemon();
        const Stage other;
        const auto taken = daemon().grpcAddress().substr(daemon().grpcAddress().rfind(':') + 1);
        const std::pair<Settings, std::string> rows[] = {
            {{{"grpc.port", taken}}, "another program uses the port"},
            {{{"http.port", taken}}, "another program uses the port"},
            {{{"http.host", "192.0.2.1"}, {"grpc.allow_plaintext", "true"}},
             "is not an address of this host"},
            {{{"qemu.host_fwd_address", "192.0.2.1"}}, "is not an address of this host"}};
        for (const auto& [changes, words] : rows) {
            const auto ended = runDaemon(other, {.settings = with(quickSettings(other), changes)});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(ended.errors, 75, ended.status);
            requireContains(refusal(ended), words);
        }
        const auto ended =
            runDaemon(other, {.settings = with(quickSettings(other), {{"grpc.host", "127.0.0.1:7001"}})});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(ended.errors, 78, ended.status);
        requireContains(refusal(ended), "cannot be resolved");
    }

    void takesEveryNameOfLoopback()
    {
        for (const std::string host : {"localhost.", "127.1", "127.9.9.9", "::1", "[::1]"}) {
            if (host.find(':') != std::string::npos && readFile("/proc/net/if_inet6").empty())
                continue; // a host without IPv6
            startDaemon({{"grpc.host", host}, {"http.host", host}});
            CPPUNIT_ASSERT(client().listVms().empty()); // at the address that the log shows
            CPPUNIT_ASSERT_EQUAL(200, httpGet("http://" + daemon().httpAddress() + "/health").status);
            endDaemon();
        }
    }

    /// A cleaner of temporary files took them.
    void makesItsDirectoriesAgain()
    {
        startDaemon();
        for (const auto& directory : {stage().runtime(), stage().logs()}) {
            std::filesystem::remove_all(directory);
            client().removeVm(client().createVm().id());
        }
        waitUntil("the lock that went with them is named",
                  [&] { return daemon().timesLogged("a file of the daemon's vanished under it") == 1; });
        assertClean();
    }

    // ---- a start whose probes wait for QEMU, which says its version only when there is a file "gate" ----

    /// A QEMU that is asked for its version waits for the gate.
    std::string slowQemu()
    {
        const auto path = stage().scratch / "slow-qemu";
        writeFile(path, "#!/bin/sh\n[ \"$1\" != --version ] || until [ -e '" + gate().string() +
                            "' ]; do sleep 0.05; done\nexec qemu-system-x86_64 \"$@\"\n");
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path;
    }
    std::filesystem::path gate() { return stage().scratch / "gate"; }
    void openGate() { writeFile(gate(), ""); }

    void startProbing(Settings changes = {})
    {
        changes.insert({{"qemu.bin_path", slowQemu()}, {"backend", "auto"}, {"qemu.enable_kvm", "auto"}});
        startDaemon(changes, {.settings = {}, .awaitProbes = false});
    }
    std::string readiness() { return httpGet("http://" + daemon().httpAddress() + "/ready").body; }

    void servesWhileTheHostIsProbed()
    {
        startProbing();
        CPPUNIT_ASSERT(client().listVms().empty());
        CPPUNIT_ASSERT_EQUAL(503, httpGet("http://" + daemon().httpAddress() + "/ready").status);
        waitUntil("the question is told",
                  [&] { return readiness().find("QEMU's version") != std::string::npos; });
        auto created = std::async(std::launch::async, [this] { return client().createVm(); });
        CPPUNIT_ASSERT(created.wait_for(std::chrono::milliseconds(500)) == std::future_status::timeout);
        CPPUNIT_ASSERT(client().listVms().empty());
        openGate();
        client().removeVm(created.get().id());
        CPPUNIT_ASSERT_EQUAL(200, httpGet("http://" + daemon().httpAddress() + "/ready").status);
        waitUntilClean();
    }

    void givesUpACreateWhileTheHostIsProbed()
    {
        startProbing();
        const auto ended = runCli(stage(), daemon(), {"create-vm", "--timeout", "1s"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(ended.errors, 7, ended.status);
        const auto backends = runCli(stage(), daemon(), {"backends"});
        CPPUNIT_ASSERT_MESSAGE(backends.errors, backends.status != 0);
        requireContains(backends.errors, "the host is still being probed");
        openGate();
        waitUntil("the host is probed", [&] { return daemon().timesLogged("the host is probed") == 1; });
        CPPUNIT_ASSERT(client().listVms().empty());
        waitUntilClean();
    }

    void endsWhileTheHostIsProbed()
    {
        startProbing();
        endDaemon(); // its helper for QEMU's version still waits
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, daemon().timesLogged("the host is probed"));
        openGate();
    }

    /// A VM that is launched again by a daemon that has only just started.
    void restartsWithItsAttestersBeforeTheHostIsProbed()
    {
        openGate();
        const auto authority = stage().scratch / "ca";
        std::filesystem::create_directory(authority);
        std::filesystem::permissions(authority, std::filesystem::perms::owner_all);
        startProbing({{"attesters", "auto"},
                      {"attest-vtpm.ca_dir", authority},
                      {"vm.max_restarts", "2"},
                      {"vm.restart_backoff", "10ms"}});
        v1::CreateVmRequest request;
        request.set_max_restarts(2);
        const auto vm = client().createVm(request);
        crashDaemon();
        CPPUNIT_ASSERT_EQUAL(0, ::kill(static_cast<pid_t>(vm.pid()), SIGKILL));
        startAgain();
        v1::Vm again;
        waitUntil("the VM is launched again", [&] { // the row that was found calls it booting as well
            again = client().getVm(vm.id());
            return again.state() == v1::VM_STATE_BOOTING && again.pid() != 0 && again.pid() != vm.pid();
        });
        auto arguments = readFile("/proc/" + std::to_string(again.pid()) + "/cmdline");
        std::replace(arguments.begin(), arguments.end(), '\0', ' ');
        requireContains(arguments, "-tpmdev");
        client().removeVm(vm.id());
        waitUntilClean();
    }

    void refusesAfterItServedAndLeavesVms()
    {
        openGate();
        startProbing({{"vm.on_shutdown", "stop"}});
        const auto vm = client().createVm();
        crashDaemon();
        const auto plugins = stage().scratch / "no-plugins";
        std::filesystem::create_directory(plugins);
        std::filesystem::permissions(plugins, std::filesystem::perms::owner_all);
        auto settings = lastSettings();
        settings["plugins.dir"] = plugins;
        const auto refused = runDaemon(stage(), {.settings = settings});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(refused.errors, 78, refused.status);
        requireContains(refused.errors, "teehostd serves");
        CPPUNIT_ASSERT_EQUAL(0, ::kill(static_cast<pid_t>(vm.pid()), 0));
        startAgain();
        client().removeVm(vm.id());
        waitUntilClean();
    }

    void decidesFirstWhenASettingInsists()
    {
        openGate();
        startProbing();
        endDaemon();
        auto settings = lastSettings();
        settings["qemu.enable_kvm"] = "true";
        const auto refused = runDaemon(stage(), {.settings = settings});
        if (refused.status == 0)
            return; // KVM works on this host
        CPPUNIT_ASSERT_EQUAL_MESSAGE(refused.errors, 78, refused.status);
        CPPUNIT_ASSERT(refused.errors.find("teehostd serves") == std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StartTest);

} // namespace
} // namespace teehost::test
