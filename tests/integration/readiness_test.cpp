// SPDX-License-Identifier: Apache-2.0
//
// When a VM counts as up, with guests whose agents listen, do not listen yet, or never do.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <thread>

#include <cppunit/extensions/HelperMacros.h>

#include "support/certificates.h"
#include "support/host_test.h"
#include "support/http.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class ReadinessTest final : public HostTest {
    CPPUNIT_TEST_SUITE(ReadinessTest);
    CPPUNIT_TEST(anAgentThatDialsAServiceMayKeepItsPortClosed);
    CPPUNIT_TEST(aVmGoesOnAfterItsBootTimeout);
    CPPUNIT_TEST(aVmThatWasUpHasNoBootTimeoutAnyMore);
    CPPUNIT_TEST(theConsoleCanTellThatAGuestHasBooted);
    CPPUNIT_TEST(aVmThatIsNotAskedRunsAtOnce);
    CPPUNIT_TEST(anAgentThatListensIsSeenAsThat);
    CPPUNIT_TEST(anAgentThatClosesItsPortIsNoFault);
    CPPUNIT_TEST(anAgentBehindTlsIsSeen);
    CPPUNIT_TEST(refusesAWordThatIsNoSign);
    CPPUNIT_TEST_SUITE_END();

    /// The agent's port stays closed: nothing listens in this guest.
    static v1::CreateVmRequest agentless()
    {
        v1::CreateVmRequest request;
        request.set_cmdline(quickCmdline("teehost.fault=no-agent"));
        return request;
    }

    void startWithCmdlines(const Settings& changes = {})
    {
        startDaemon(with({{"vm.allow_cmdline", "true"}}, changes));
    }

    [[nodiscard]] bool hasEvent(const std::string& id, const std::string& kind)
    {
        const auto events = client().events(id);
        return std::any_of(events.begin(), events.end(),
                           [&](const auto& event) { return event.kind() == kind; });
    }

    void anAgentThatDialsAServiceMayKeepItsPortClosed()
    {
        startWithCmdlines({{"vm.health_interval", "500ms"}, {"vm.health_misses", "6"}});
        auto request = agentless();
        request.mutable_agent()->set_server_url("10.0.2.2:1");
        const auto created = client().createVm(request);
        CPPUNIT_ASSERT_EQUAL(std::string("guest"), created.ready());
        const auto running = client().waitForState(created.id(), v1::VM_STATE_RUNNING);
        CPPUNIT_ASSERT_EQUAL(std::string("guest"), running.up_signal());
        // It is healthy like that, for as long as it waits.
        const auto seq = client().events(created.id()).back().seq();
        std::this_thread::sleep_for(3s); // more than ten health checks
        CPPUNIT_ASSERT_EQUAL(seq, client().events(created.id()).back().seq());
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_RUNNING, client().getVm(created.id()).state());
        const auto metrics = httpGet("http://" + daemon().httpAddress() + "/metrics").body;
        requireContains(metrics, "teehost_vm_up_signals_total{signal=\"guest\"} 1");
        client().stopVm(created.id()); // it hears the power button: it gave a sign of life
        requireContains(client().console(created.id()), "power button: powering off");
        client().removeVm(created.id());
        assertClean();
    }

    void aVmGoesOnAfterItsBootTimeout()
    {
        startWithCmdlines({{"vm.boot_timeout_tcg", "1s"}, {"vm.health_interval", "200ms"}});
        auto slow = agentless();
        slow.set_ready("port");
        const auto silent = client().createVm(slow);
        const auto late = client().createVm(); // its agent answers seconds after the timeout
        slow.set_end_on_boot_timeout(true);
        const auto ended = client().createVm(slow);
        requireContains(client().waitForState(ended.id(), v1::VM_STATE_FAILED).cause(), "within 1s");
        for (const auto& id : {silent.id(), late.id()})
            waitUntil("the timeout is told", [&] { return hasEvent(id, "boot-timeout"); });
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_RUNNING,
                             client().waitForState(late.id(), v1::VM_STATE_RUNNING).state());
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_BOOTING, client().getVm(silent.id()).state());
        waitUntil("the guest's network is heard",
                  [&] { return client().getVm(silent.id()).up_signal() == "guest"; });
        for (const auto& id : {silent.id(), late.id(), ended.id()})
            client().removeVm(id);
        assertClean();
    }

    /// Also when its port is closed as a new daemon takes it up.
    void aVmThatWasUpHasNoBootTimeoutAnyMore()
    {
        startWithCmdlines({{"vm.on_shutdown", "keep"},
                           {"vm.on_boot_timeout", "end"},
                           {"vm.boot_timeout_tcg", "60s"},
                           {"vm.health_interval", "200ms"}});
        v1::CreateVmRequest request;
        request.set_cmdline(quickCmdline("teehost.fault=no-agent"));
        request.set_ready("guest");
        const auto vm = client().createVm(request);
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        crashDaemon();
        // As a VM whose agent has closed its port would be found.
        runOrThrow({"sqlite3", stage().state() / "teehost.db",
                    "UPDATE vm SET body=replace(body, '\"ready\":\"guest\"', '\"ready\":\"port\"')"},
                   stage().scratch.path());
        startAgain({{"vm.boot_timeout_tcg", "1s"}});
        client().waitForState(vm.id(), v1::VM_STATE_DEGRADED);
        std::this_thread::sleep_for(2s);
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_DEGRADED, client().getVm(vm.id()).state());
        CPPUNIT_ASSERT(!hasEvent(vm.id(), "boot-timeout"));
        client().removeVm(vm.id());
        assertClean();
    }

    void theConsoleCanTellThatAGuestHasBooted()
    {
        startWithCmdlines({{"agent.ready", "guest"}, {"agent.boot_marker", "teehost-agent: started"}});
        const auto vm = client().createVm(agentless());
        const auto running = client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        CPPUNIT_ASSERT(running.up_signal() == "console" || running.up_signal() == "guest");
        bool told = false;
        for (const auto& event : client().events(vm.id()))
            told = told || (event.state() == v1::VM_STATE_RUNNING && event.fields().contains("signal"));
        CPPUNIT_ASSERT(told);
        client().removeVm(vm.id());
        assertClean();
    }

    void aVmThatIsNotAskedRunsAtOnce()
    {
        startDaemon({{"qemu.bin_path", standInQemu(stage())}, {"vm.health_interval", "100ms"}});
        v1::CreateVmRequest request;
        request.set_ready("none");
        const auto vm = client().createVm(request);
        const auto running = client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        CPPUNIT_ASSERT_EQUAL(std::string("none"), running.up_signal());
        std::this_thread::sleep_for(1s);
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_RUNNING, client().getVm(vm.id()).state());
        client().removeVm(vm.id());
        assertClean();
    }

    void anAgentThatListensIsSeenAsThat()
    {
        startDaemon();
        const auto vm = runVm();
        CPPUNIT_ASSERT_EQUAL(std::string("port"), vm.ready());
        CPPUNIT_ASSERT_EQUAL(std::string("port"), vm.up_signal());
        CPPUNIT_ASSERT_EQUAL(std::string("gRPC"), vm.agent_protocol());
        client().removeVm(vm.id());
        assertClean();
    }

    /// The agent closes its port after a computation that was stopped, and opens it for the next.
    void anAgentThatClosesItsPortIsNoFault()
    {
        startWithCmdlines({{"vm.health_interval", "100ms"}, {"vm.health_misses", "40"}});
        v1::CreateVmRequest request;
        request.set_cmdline(quickCmdline("teehost.fault=end-agent teehost.fault_delay_ms=8000"));
        request.set_ready("guest");
        const auto vm = client().createVm(request);
        waitUntil("its port is open", [&] { return client().getVm(vm.id()).up_signal() == "port"; });
        waitUntil("it closes", [&] { return hasEvent(vm.id(), "agent-closed"); });
        waitUntil("it opens again", [&] { return hasEvent(vm.id(), "agent-open"); });
        for (const auto& event : client().events(vm.id()))
            CPPUNIT_ASSERT(event.state() != v1::VM_STATE_DEGRADED);
        client().removeVm(vm.id());
        assertClean();
    }

    /// Puts a server in the place of QEMU's forwarding: it that wants a client certificate, and counts its
    /// connections.
    [[nodiscard]] fs::path qemuWithTlsServer()
    {
        fs::create_directory(stage().scratch / "ca");
        const Authority authority(stage().scratch / "ca", "ca");
        const auto identity = authority.issue("agent");
        writeFile(stage().scratch / "server.py",
                  "import os, socket, ssl, sys\n"
                  "port, directory = int(sys.argv[1]), sys.argv[2]\n"
                  "tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
                  "tls.load_cert_chain('" +
                      identity.certificate.string() + "', '" + identity.key.string() +
                      "')\n"
                      "tls.load_verify_locations('" +
                      authority.certificate().string() +
                      "')\n"
                      "tls.verify_mode = ssl.CERT_REQUIRED\n"
                      "listener = socket.create_server(('127.0.0.1', port))\n"
                      "count = 0\n"
                      "while True:\n"
                      "    connection, _ = listener.accept()\n"
                      "    count += 1\n"
                      "    open(directory + '/counted', 'w').write(str(count))\n"
                      "    os.rename(directory + '/counted', directory + '/connections')\n"
                      "    try:\n"
                      "        if connection.recv(1, socket.MSG_PEEK) == b'\\x16':\n"
                      "            connection = tls.wrap_socket(connection, server_side=True)\n"
                      "    except OSError:\n"
                      "        pass\n"
                      "    connection.close()\n");
        return qemuWrapper(stage(), R"sh(
python3 "$dir/server.py" "$port" "$dir" &
kept=
while [ $# -gt 1 ]; do
    case "$1 $2" in
    "-name "* | "-uuid "* | "-mon "* | "-fsdev "* | "-chardev socket,id=qmp0,"*) kept="$kept $1 '$2'" ;;
    esac
    shift
done
eval "exec qemu-system-x86_64 -machine none -S -nodefaults -display none $kept")sh");
    }

    void anAgentBehindTlsIsSeen()
    {
        startDaemon();
        const auto qemu = qemuWithTlsServer();
        endDaemon();
        startAgain({{"qemu.bin_path", qemu}, {"vm.health_interval", "300ms"}, {"vm.health_misses", "2"}});
        const auto vm = client().createVm();
        const auto running = client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        CPPUNIT_ASSERT_EQUAL(std::string("TLS"), running.agent_protocol());
        // Once it is known, a health check is one connection.
        const auto connections = [&] { return std::stoi(readFile(stage().scratch / "connections")); };
        const int before = connections();
        const auto start = std::chrono::steady_clock::now();
        std::this_thread::sleep_for(3s);
        const int made = connections() - before;
        const auto checks = (std::chrono::steady_clock::now() - start) / 300ms;
        CPPUNIT_ASSERT_MESSAGE(std::to_string(made) + " connections", made >= 2 && made <= checks + 2);
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_RUNNING, client().getVm(vm.id()).state());
        for (const auto pid : processesWith((stage().scratch / "server.py").string()))
            sendSignal(pid, SIGKILL);
        client().waitForState(vm.id(), v1::VM_STATE_DEGRADED); // what answered has fallen silent
        client().removeVm(vm.id());
        assertClean();
    }

    void refusesAWordThatIsNoSign()
    {
        startDaemon();
        v1::CreateVmRequest request;
        request.set_ready("soon");
        requireStatus(client().call(&Host::CreateVm, request).status, grpc::StatusCode::INVALID_ARGUMENT,
                      "ready: must be auto, port, guest or none");
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReadinessTest);

} // namespace
} // namespace teehost::test
