// SPDX-License-Identifier: Apache-2.0
//
// A VM that stops answering, one that fails and is launched again, and how the end of a VM is told.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "support/host_test.h"
#include "support/http.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;

class HealthTest final : public HostTest {
    CPPUNIT_TEST_SUITE(HealthTest);
    CPPUNIT_TEST(seesAVmThatHangsAndComesBack);
    CPPUNIT_TEST(seesAMonitorThatSomebodyElseHolds);
    CPPUNIT_TEST(launchesAgainWhatFailed);
    CPPUNIT_TEST(givesUpAfterTheLastRestart);
    CPPUNIT_TEST(doesNotRestartWhatWasAskedToEnd);
    CPPUNIT_TEST(goesOnRestartingAfterACrash);
    CPPUNIT_TEST(tellsHowAVmEnded);
    CPPUNIT_TEST(tellsThatMemoryRanOut);
    CPPUNIT_TEST(endsAStoppedProcess);
    CPPUNIT_TEST_SUITE_END();

    static const Settings& quickHealth()
    {
        static const Settings settings{{"vm.health_interval", "200ms"}, {"vm.health_misses", "3"}};
        return settings;
    }

    void seesAVmThatHangsAndComesBack()
    {
        startDaemon(quickHealth());
        const auto vm = runVm();
        sendSignal(vm.pid(), SIGSTOP);
        client().waitForState(vm.id(), v1::VM_STATE_UNRESPONSIVE);
        sendSignal(vm.pid(), SIGCONT);
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        client().removeVm(vm.id());
        assertClean();
    }

    /// QEMU's monitor talks to one client at a time.
    void seesAMonitorThatSomebodyElseHolds()
    {
        startDaemon(with(quickHealth(), {{"vm.on_shutdown", "keep"}}));
        const auto vm = runVm();
        crashDaemon();
        const int intruder = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const auto path = (stage().runDir(vm.id()) / "qmp").string();
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        CPPUNIT_ASSERT_EQUAL(
            0, ::connect(intruder, reinterpret_cast<const sockaddr*>(&address), sizeof address));
        startAgain();
        const auto degraded = client().waitForState(vm.id(), v1::VM_STATE_DEGRADED);
        CPPUNIT_ASSERT_EQUAL(vm.pid(), degraded.pid());
        CPPUNIT_ASSERT(isHealthy(vm.agent_address()));
        ::close(intruder);
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        client().removeVm(vm.id());
        assertClean();
    }

    void startStandIns(const Settings& changes = {})
    {
        startDaemon(with({{"qemu.bin_path", standInQemu(stage())}, {"vm.restart_backoff", "10ms"}}, changes));
    }

    static v1::CreateVmRequest restartable(std::uint32_t count)
    {
        v1::CreateVmRequest request;
        request.set_max_restarts(count);
        return request;
    }

    v1::Vm waitForRestart(const std::string& id, std::uint32_t count)
    {
        v1::Vm vm;
        waitUntil("the VM is launched again", [&] {
            vm = client().getVm(id);
            return vm.restarts() == count && vm.state() == v1::VM_STATE_BOOTING && vm.pid() != 0;
        });
        return vm;
    }

    void launchesAgainWhatFailed()
    {
        startDaemon({{"vm.restart_backoff", "10ms"}});
        v1::CreateVmRequest request = restartable(2);
        request.mutable_agent()->set_client_key("a key");
        const auto before = runVm(request);
        sendSignal(before.pid(), SIGKILL);
        waitUntil("it is launched again", [&] { return client().getVm(before.id()).restarts() == 1; });
        const auto after = client().waitForState(before.id(), v1::VM_STATE_RUNNING);
        CPPUNIT_ASSERT(after.pid() != before.pid());
        CPPUNIT_ASSERT_EQUAL(before.agent_address(), after.agent_address());
        CPPUNIT_ASSERT_EQUAL(std::string("a key"), readFile(stage().runDir(after.id()) / "certs/key.pem"));
        CPPUNIT_ASSERT(isHealthy(after.agent_address()));
        client().removeVm(after.id());
        assertClean();
    }

    void givesUpAfterTheLastRestart()
    {
        startStandIns();
        auto vm = client().createVm(restartable(2));
        for (const std::uint32_t restarts : {1u, 2u}) {
            sendSignal(vm.pid(), SIGKILL);
            vm = waitForRestart(vm.id(), restarts);
        }
        sendSignal(vm.pid(), SIGKILL);
        const auto ended = client().waitForState(vm.id(), v1::VM_STATE_FAILED);
        requireContains(ended.cause(), "killed by signal 9");
        waitUntilClean();
        v1::CreateVmRequest greedy = restartable(11);
        requireStatus(client().call(&Host::CreateVm, greedy).status, grpc::StatusCode::INVALID_ARGUMENT,
                      "max_restarts: must be at most 10");
    }

    void doesNotRestartWhatWasAskedToEnd()
    {
        startStandIns({{"vm.restart_backoff", "1h"}, {"vm.restart_backoff_max", "1h"}});
        const auto first = client().createVm(restartable(5));
        client().stopVm(first.id());
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_STOPPED, client().getVm(first.id()).state());
        const auto second = client().createVm(restartable(5));
        sendSignal(second.pid(), SIGKILL);
        const auto waiting = client().waitForState(second.id(), v1::VM_STATE_RESTARTING);
        CPPUNIT_ASSERT_EQUAL(0, waiting.pid());
        client().stopVm(second.id()); // does not wait out the hour
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_STOPPED, client().getVm(second.id()).state());
        assertClean();
    }

    void goesOnRestartingAfterACrash()
    {
        startStandIns(
            {{"vm.restart_backoff", "1h"}, {"vm.restart_backoff_max", "1h"}, {"vm.on_shutdown", "keep"}});
        const auto vm = client().createVm(restartable(1));
        sendSignal(vm.pid(), SIGKILL);
        client().waitForState(vm.id(), v1::VM_STATE_RESTARTING);
        crashDaemon();
        startAgain({{"vm.restart_backoff", "10ms"}});
        waitForRestart(vm.id(), 1);
        client().removeVm(vm.id());
        assertClean();
    }

    std::string endOf(const std::string& id)
    {
        std::string end;
        for (const auto& event : client().events(id))
            if (const auto it = event.fields().find("end"); it != event.fields().end())
                end = it->second;
        return end;
    }

    void tellsHowAVmEnded()
    {
        startStandIns();
        const auto crashed = client().createVm();
        sendSignal(crashed.pid(), SIGSEGV);
        requireContains(client().waitForState(crashed.id(), v1::VM_STATE_FAILED).cause(),
                        "killed by signal 11 (Segmentation fault)");
        CPPUNIT_ASSERT_EQUAL(std::string("qemu-signal"), endOf(crashed.id()));
        const auto terminated = client().createVm();
        sendSignal(terminated.pid(), SIGTERM);
        requireContains(client().waitForState(terminated.id(), v1::VM_STATE_FAILED).cause(), "host-signal");
        const auto asked = client().createVm();
        client().stopVm(asked.id());
        CPPUNIT_ASSERT_EQUAL(std::string("asked"), endOf(asked.id()));
        waitUntilClean();
        const auto metrics = httpGet("http://" + daemon().httpAddress() + "/metrics").body;
        requireContains(metrics, "teehost_vm_ends_total{end=\"qemu-signal\"} 1");
        requireContains(metrics, "teehost_vm_ends_total{end=\"asked\"} 1");
    }

    void tellsThatMemoryRanOut()
    {
        const fs::path group = "/sys/fs/cgroup/memory/teehost-test-" + std::to_string(::getpid());
        std::error_code refused;
        const auto limit = group / "memory.limit_in_bytes";
        if (!fs::create_directory(group, refused) || !fs::exists(limit)) {
            std::cout << "skipped: no memory control group can be made here\n";
            fs::remove(group, refused);
            return;
        }
        startDaemon();
        const auto vm = client().createVm();
        write(group / "cgroup.procs", std::to_string(vm.pid()));
        write(limit, "16777216");
        const auto ended = client().waitForState(vm.id(), v1::VM_STATE_FAILED);
        fs::remove(group, refused);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(ended.cause(), std::string("oom-killed"), endOf(vm.id()));
        waitUntilClean();
    }

    static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

    /// Of all signals only SIGKILL reaches a stopped process.
    void endsAStoppedProcess()
    {
        startStandIns({{"vm.quit_timeout", "100ms"}, {"vm.term_timeout", "100ms"}});
        const auto vm = client().createVm();
        const auto other = client().createVm();
        sendSignal(vm.pid(), SIGSTOP);
        client().removeVm(vm.id());
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_BOOTING, client().getVm(other.id()).state());
        client().removeVm(other.id());
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HealthTest);

} // namespace
} // namespace teehost::test
