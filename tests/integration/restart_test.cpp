// SPDX-License-Identifier: Apache-2.0
//
// VMs outlive the daemon, and whatever instant it dies at, the next one adopts or undoes what it finds.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>

#include <cppunit/extensions/HelperMacros.h>

#include "support/host_test.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

using grpc::StatusCode;
namespace fs = std::filesystem;

class RestartTest final : public HostTest {
    CPPUNIT_TEST_SUITE(RestartTest);
    CPPUNIT_TEST(keepsVmsWhenItStops);
    CPPUNIT_TEST(adoptsVmsAfterACrash);
    CPPUNIT_TEST(goesOnWithEventsAndHistory);
    CPPUNIT_TEST(undoesWhatACrashCutShort);
    CPPUNIT_TEST(adoptsWhatACrashLetGo);
    CPPUNIT_TEST(finishesAnEndThatACrashCutShort);
    CPPUNIT_TEST(finishesEveryRungOfTheLadder);
    CPPUNIT_TEST(ttlsGoOnWhileItIsDown);
    CPPUNIT_TEST(ttlsFollowTheWallClock);
    CPPUNIT_TEST(seesThatAVmEndedMeanwhile);
    CPPUNIT_TEST(leavesStrangersAlone);
    CPPUNIT_TEST(knowsThatTheHostWasRebooted);
    CPPUNIT_TEST(launchesNothingAgainAfterABootOfTheHost);
    CPPUNIT_TEST(endsOrphansWhenToldTo);
    CPPUNIT_TEST(onlyOneDaemonAStateDirectory);
    CPPUNIT_TEST(neverDeletesADamagedStore);
    CPPUNIT_TEST(refusesAStoreFromTheFuture);
    CPPUNIT_TEST(survivesAnEmptiedStore);
    CPPUNIT_TEST(keepsUnreadableRecords);
    CPPUNIT_TEST(refusesCreatesWhileTheStoreIsFull);
    CPPUNIT_TEST(standsAFullRuntimeDirectory);
    CPPUNIT_TEST(standsAFullLogDirectory);
    CPPUNIT_TEST_SUITE_END();

    void startKeeping(const Settings& changes = {}, std::map<std::string, std::string> environment = {})
    {
        startDaemon(with({{"vm.on_shutdown", "keep"}}, changes),
                    {.settings = {}, .environment = environment});
    }

    void startStandIns(std::map<std::string, std::string> environment = {}, const Settings& changes = {})
    {
        startKeeping(with({{"qemu.bin_path", standInQemu(stage())}}, changes), std::move(environment));
    }

    void endAll()
    {
        for (const auto& vm : client().listVms())
            client().removeVm(vm.id());
        assertClean();
    }

    /// Statements on the store while no daemon runs.
    void sql(const std::string& statements)
    {
        runOrThrow({"sqlite3", stage().state() / "teehost.db", statements}, stage().scratch.path());
    }

    void keepsVmsWhenItStops()
    {
        startKeeping();
        const auto before = runVm();
        endDaemon();
        CPPUNIT_ASSERT(exists(before.pid()));
        CPPUNIT_ASSERT(fs::exists(stage().runDir(before.id()) / "env"));
        startAgain();
        const auto after = client().getVm(before.id());
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_RUNNING, after.state());
        CPPUNIT_ASSERT_EQUAL(before.pid(), after.pid());
        CPPUNIT_ASSERT_EQUAL(before.agent_address(), after.agent_address());
        client().stopVm(before.id()); // through the guest's power button: QMP is connected again
        requireContains(client().console(before.id()), "power button: powering off");
        client().removeVm(before.id());
        assertClean();
    }

    void adoptsVmsAfterACrash()
    {
        startKeeping();
        v1::CreateVmRequest request;
        request.set_idempotency_key("once");
        request.mutable_ttl()->set_seconds(3600);
        (*request.mutable_labels())["team"] = "blue";
        const auto before = runVm(request);
        const auto consoleBefore = client().console(before.id());
        crashDaemon();
        startAgain();
        const auto after = client().waitForState(before.id(), v1::VM_STATE_RUNNING);
        CPPUNIT_ASSERT_EQUAL(before.pid(), after.pid());
        CPPUNIT_ASSERT_EQUAL(before.deadline().seconds(), after.deadline().seconds());
        CPPUNIT_ASSERT_EQUAL(std::string("blue"), after.labels().at("team"));
        CPPUNIT_ASSERT(client().console(before.id()).starts_with(consoleBefore));
        CPPUNIT_ASSERT(isHealthy(after.agent_address()));
        // A client that repeats its call because the answer was lost gets the VM it has.
        CPPUNIT_ASSERT_EQUAL(before.id(), client().createVm(request).id());
        // The port is still taken: another VM gets another.
        const auto other = client().createVm();
        CPPUNIT_ASSERT(other.agent_port() != after.agent_port());
        endAll();
    }

    void goesOnWithEventsAndHistory()
    {
        startStandIns();
        const auto first = client().createVm();
        client().stopVm(first.id());
        const auto eventsBefore = client().events();
        crashDaemon();
        startAgain();
        const auto eventsAfter = client().events();
        CPPUNIT_ASSERT(eventsAfter.size() >= eventsBefore.size());
        for (std::size_t i = 0; i < eventsBefore.size(); ++i)
            CPPUNIT_ASSERT_EQUAL(eventsBefore[i].DebugString(), eventsAfter[i].DebugString());
        const auto second = client().createVm();
        CPPUNIT_ASSERT(client().events(second.id()).front().seq() > eventsBefore.back().seq());
        const auto all = client().listVms(true);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, all.size());
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_STOPPED, client().getVm(first.id()).state());
        client().removeVm(first.id());
        requireStatus(client().call(&Host::GetVm, idRequest(first.id())).status, StatusCode::NOT_FOUND,
                      "no VM");
        endAll();
    }

    static v1::GetVmRequest idRequest(const std::string& id)
    {
        v1::GetVmRequest request;
        request.set_id(id);
        return request;
    }

    /// Starts a create that the fault ends together with the daemon.
    void createAndDie(const std::string& fault)
    {
        startAgainOrFirst({{"TEEHOST_FAULT", fault + ":kill"}});
        // The answer may still get out when it dies after the VM was accepted.
        const auto status = client().call(&Host::CreateVm, v1::CreateVmRequest()).status;
        CPPUNIT_ASSERT(!status.ok() || fault == "c8");
        waitUntil("the daemon died", [&] { return !daemon().runs(); });
        daemon().crash();
    }

    void startAgainOrFirst(const std::map<std::string, std::string>& environment)
    {
        if (started_)
            startAgain({}, environment);
        else
            startStandIns(environment);
        started_ = true;
    }

    void undoesWhatACrashCutShort()
    {
        for (const auto* fault : {"c1", "c2", "c4", "c5"}) {
            createAndDie(fault);
            startAgain();
            waitUntil("what the fault left is undone", [&] { return client().listVms().empty(); });
            assertClean();
            for (const auto& vm : client().listVms(true)) {
                CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_FAILED, vm.state());
                CPPUNIT_ASSERT(!vm.cause().empty());
                client().removeVm(vm.id());
            }
            endDaemon();
        }
        CPPUNIT_ASSERT(fs::is_empty(stage().logs()));
    }

    void adoptsWhatACrashLetGo()
    {
        for (const auto* fault : {"c6", "c8"}) {
            createAndDie(fault);
            startAgain();
            const auto vms = client().listVms();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(fault, std::size_t{1}, vms.size());
            const auto vm = client().waitForState(vms.front().id(), v1::VM_STATE_BOOTING);
            CPPUNIT_ASSERT(exists(vm.pid()));
            endAll();
            endDaemon();
        }
    }

    void finishesAnEndThatACrashCutShort()
    {
        for (const auto* fault : {"s0", "s3", "clean", "cleaned"}) {
            startAgainOrFirst({{"TEEHOST_FAULT", std::string(fault) + ":kill"}});
            const auto vm = client().createVm();
            v1::StopVmRequest stop;
            stop.set_id(vm.id());
            requireStatus(client().call(&Host::StopVm, stop).status, StatusCode::UNAVAILABLE, "");
            waitUntil("the daemon died", [&] { return !daemon().runs(); });
            daemon().crash();
            startAgain();
            const auto ended = client().waitForState(vm.id(), v1::VM_STATE_STOPPED);
            CPPUNIT_ASSERT_EQUAL(std::string("stopped by a client"), ended.cause());
            client().removeVm(vm.id());
            assertClean();
            endDaemon();
        }
    }

    /// A QEMU that reacts to nothing goes through all of them.
    void finishesEveryRungOfTheLadder()
    {
        for (const auto* fault : {"s3", "s4", "s5"}) {
            startAgainOrFirst({{"TEEHOST_FAULT", std::string(fault) + ":kill"}});
            const auto vm = client().createVm();
            sendSignal(vm.pid(), SIGSTOP);
            v1::StopVmRequest stop;
            stop.set_id(vm.id());
            requireStatus(client().call(&Host::StopVm, stop).status, StatusCode::UNAVAILABLE, "");
            waitUntil("the daemon died", [&] { return !daemon().runs(); });
            daemon().crash();
            startAgain({{"vm.quit_timeout", "100ms"}, {"vm.term_timeout", "100ms"}});
            CPPUNIT_ASSERT_EQUAL(std::string("stopped by a client"),
                                 client().waitForState(vm.id(), v1::VM_STATE_STOPPED).cause());
            client().removeVm(vm.id());
            assertClean();
            endDaemon();
        }
    }

    void ttlsGoOnWhileItIsDown()
    {
        startStandIns();
        v1::CreateVmRequest brief, longer;
        brief.mutable_ttl()->set_seconds(2);
        longer.mutable_ttl()->set_seconds(3600);
        const auto first = client().createVm(brief);
        const auto second = client().createVm(longer);
        crashDaemon();
        waitUntil("the TTL has run out", [&] {
            return std::chrono::system_clock::now().time_since_epoch() >
                   std::chrono::seconds(first.deadline().seconds() + 1);
        });
        CPPUNIT_ASSERT(exists(first.pid()));
        startAgain();
        const auto ended = client().waitForState(first.id(), v1::VM_STATE_STOPPED);
        CPPUNIT_ASSERT_EQUAL(std::string("its TTL ran out"), ended.cause());
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_BOOTING, client().getVm(second.id()).state());
        endAll();
    }

    void ttlsFollowTheWallClock()
    {
        const auto clock = stage().scratch / "clock";
        writeFile(clock, "0");
        startStandIns({{"TEEHOST_FAULT_CLOCK", clock}});
        v1::CreateVmRequest request;
        request.mutable_ttl()->set_seconds(3 * 86400);
        const auto vm = client().createVm(request);
        replaceFile(clock, "-86400"); // back: it lives longer
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_BOOTING, client().getVm(vm.id()).state());
        replaceFile(clock, "345600"); // four days on
        CPPUNIT_ASSERT_EQUAL(std::string("its TTL ran out"),
                             client().waitForState(vm.id(), v1::VM_STATE_STOPPED).cause());
        endAll();
    }

    static void replaceFile(const fs::path& path, const std::string& text)
    {
        fs::remove(path);
        writeFile(path, text);
    }

    void seesThatAVmEndedMeanwhile()
    {
        startStandIns();
        const auto vm = client().createVm();
        crashDaemon();
        sendSignal(vm.pid(), SIGKILL);
        startAgain();
        const auto ended = client().waitForState(vm.id(), v1::VM_STATE_FAILED);
        requireContains(ended.cause(), "QEMU ended while the daemon was not running");
        waitUntilClean();
    }

    void leavesStrangersAlone()
    {
        startStandIns();
        const auto vm = client().createVm();
        crashDaemon();
        sendSignal(vm.pid(), SIGKILL);
        const Child stranger(Command{.argv = {"sleep", "1000"}});
        // The pid now names somebody else: by its start time first, then by its arguments alone.
        sql("UPDATE vm SET pid=" + std::to_string(stranger.pid()) + " WHERE id='" + vm.id() + "'");
        startAgain();
        client().waitForState(vm.id(), v1::VM_STATE_FAILED);
        client().removeVm(vm.id());
        const auto second = client().createVm();
        crashDaemon();
        sendSignal(second.pid(), SIGKILL);
        sql("UPDATE vm SET pid=" + std::to_string(stranger.pid()) +
            ", start_ticks=" + startTicksOf(stranger.pid()) + " WHERE id='" + second.id() + "'");
        startAgain();
        client().waitForState(second.id(), v1::VM_STATE_FAILED);
        bool told = false;
        for (const auto& event : client().events(second.id()))
            told = told || event.kind() == "identity-mismatch";
        CPPUNIT_ASSERT(told);
        CPPUNIT_ASSERT(exists(stranger.pid()));
        endAll();
    }

    static std::string startTicksOf(pid_t pid)
    {
        const auto stat = readFile("/proc/" + std::to_string(pid) + "/stat");
        std::istringstream fields(stat.substr(stat.rfind(')') + 1));
        std::string field;
        for (int i = 3; i <= 22; ++i)
            fields >> field;
        return field;
    }

    void knowsThatTheHostWasRebooted()
    {
        startStandIns();
        const auto vm = client().createVm();
        crashDaemon();
        sendSignal(vm.pid(), SIGKILL);
        sql("UPDATE vm SET boot_id='00000000-0000-0000-0000-000000000000'");
        startAgain();
        CPPUNIT_ASSERT_EQUAL(std::string("the host was rebooted"),
                             client().waitForState(vm.id(), v1::VM_STATE_FAILED).cause());
        waitUntilClean();
    }

    /// A process that has the number, the start time and even the arguments of a VM of an earlier boot is
    /// none.
    void launchesNothingAgainAfterABootOfTheHost()
    {
        startStandIns({{"TEEHOST_FAULT_BOOT_ID", "one"}}, {{"vm.restart_backoff", "60s"}});
        v1::CreateVmRequest request;
        request.set_max_restarts(3);
        const auto lived = client().createVm(request);
        const auto waited = client().createVm(request);
        sendSignal(waited.pid(), SIGKILL);
        client().waitForState(waited.id(), v1::VM_STATE_RESTARTING);
        const auto told = client().events().back().seq();
        crashDaemon();
        startAgain({}, {{"TEEHOST_FAULT_BOOT_ID", "two"}});
        for (const auto& id : {lived.id(), waited.id()}) {
            CPPUNIT_ASSERT_EQUAL(std::string("the host was rebooted"),
                                 client().waitForState(id, v1::VM_STATE_FAILED).cause());
            const auto last = client().events(id).back();
            CPPUNIT_ASSERT_EQUAL(std::string("host-reboot"), last.fields().at("end"));
            // The numbers of events that a power cut may have undone are not given again.
            CPPUNIT_ASSERT(last.seq() > told + 1000);
            CPPUNIT_ASSERT(client().events(id).front().seq() <= told);
        }
        CPPUNIT_ASSERT(exists(lived.pid()) && !statusOf(lived.pid(), "State").starts_with("Z"));
        sendSignal(lived.pid(), SIGKILL);
        waitUntilClean();
    }

    void endsOrphansWhenToldTo()
    {
        startStandIns({}, {{"vm.orphans", "end"}});
        const auto vm = client().createVm();
        crashDaemon();
        sql("DELETE FROM vm");
        startAgain();
        waitUntilClean();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, daemon().timesLogged("an orphan was found"));
        CPPUNIT_ASSERT(!exists(vm.pid()) || statusOf(vm.pid(), "State").starts_with("Z"));
        fs::remove_all(stage().logDir(vm.id()));
    }

    void onlyOneDaemonAStateDirectory()
    {
        startStandIns();
        const auto second = runDaemon(stage(), {.settings = options_.settings});
        CPPUNIT_ASSERT_EQUAL(75, second.status);
        requireContains(second.errors, "process " + std::to_string(daemon().pid()));
    }

    void neverDeletesADamagedStore()
    {
        startStandIns();
        const auto vm = client().createVm();
        endDaemon();
        const auto store = stage().state() / "teehost.db";
        const auto whole = readFile(store);
        auto damaged = whole;
        damaged.replace(0, 100, 100, 'x');
        damaged.resize(damaged.size() / 2);
        replaceFile(store, damaged);
        const auto refused = runDaemon(stage(), {.settings = options_.settings});
        CPPUNIT_ASSERT(refused.status != 0);
        requireContains(refused.errors, "is damaged");
        requireContains(refused.errors, "--recover");
        CPPUNIT_ASSERT_EQUAL(damaged, readFile(store));
        CPPUNIT_ASSERT(exists(vm.pid()));

        options_.arguments = {"--recover"};
        startAgain();
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, client().listVms(true).size());
        CPPUNIT_ASSERT(exists(vm.pid())); // reported, not touched
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, daemon().timesLogged("an orphan was found"));
        endDaemon();

        // The backup is as good as it was.
        options_.arguments = {};
        replaceFile(store, whole);
        for (const auto* part : {"-wal", "-shm"})
            fs::remove(store.string() + part);
        startAgain();
        CPPUNIT_ASSERT_EQUAL(vm.pid(), client().waitForState(vm.id(), v1::VM_STATE_BOOTING).pid());
        endAll();
    }

    void refusesAStoreFromTheFuture()
    {
        startStandIns();
        endDaemon();
        sql("PRAGMA user_version=99");
        const auto refused = runDaemon(stage(), {.settings = options_.settings});
        CPPUNIT_ASSERT(refused.status != 0);
        requireContains(refused.errors, "was written by a newer teehost");
        sql("PRAGMA user_version=2");
        startAgain();
    }

    void survivesAnEmptiedStore()
    {
        startStandIns();
        const auto vm = client().createVm();
        crashDaemon();
        for (const auto* part : {"", "-wal", "-shm"})
            fs::remove((stage().state() / "teehost.db").string() + part);
        writeFile(stage().state() / "teehost.db", "");
        startAgain();
        CPPUNIT_ASSERT(exists(vm.pid()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, daemon().timesLogged("an orphan was found"));
        sendSignal(vm.pid(), SIGKILL);
        endDaemon();
        startAgain();
        waitUntilClean();
        fs::remove_all(stage().logDir(vm.id()));
    }

    void keepsUnreadableRecords()
    {
        startStandIns();
        const auto vm = client().createVm();
        const auto other = client().createVm();
        crashDaemon();
        sql("UPDATE vm SET body='{]' WHERE id='" + vm.id() + "'");
        startAgain();
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_LOST, client().getVm(vm.id()).state());
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_BOOTING,
                             client().waitForState(other.id(), v1::VM_STATE_BOOTING).state());
        CPPUNIT_ASSERT(exists(vm.pid()));
        v1::RemoveVmRequest remove;
        remove.set_id(vm.id());
        requireStatus(client().call(&Host::RemoveVm, remove).status, StatusCode::FAILED_PRECONDITION,
                      "--force");
        client().removeVm(vm.id());
        endAll();
    }

    void refusesCreatesWhileTheStoreIsFull()
    {
        startStandIns({{"TEEHOST_FAULT", "store-write:errno=28:40"}});
        const auto answer = client().call(&Host::CreateVm, v1::CreateVmRequest());
        requireStatus(answer.status, StatusCode::UNAVAILABLE, "the store cannot be written");
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, client().listVms(true).size());
        assertClean();
        waitUntil("there is space again",
                  [&] { return client().call(&Host::CreateVm, v1::CreateVmRequest()).status.ok(); });
        endAll();
    }

    /// A file system of its own, a few MiB small; false, and said so, where the tests may not mount.
    bool mountSmall(const fs::path& path, const std::string& size)
    {
        fs::create_directories(path);
        const auto mounted =
            runCommand({.argv = {"mount", "-t", "tmpfs", "-o", "mode=0700,size=" + size, "tmpfs", path}},
                       stage().scratch.path());
        if (mounted.status != 0)
            std::cout << "skipped: cannot mount a tmpfs here\n";
        else
            mounts_.push_back(path);
        return mounted.status == 0;
    }

    static void fill(const fs::path& directory)
    {
        std::ofstream file(directory / "filler", std::ios::binary);
        const std::string block(4096, 'x');
        while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush())
            ;
    }

    void standsAFullRuntimeDirectory()
    {
        if (!mountSmall(stage().runtime(), "1M"))
            return;
        startStandIns();
        const auto vm = client().createVm();
        fill(stage().runtime());
        v1::CreateVmRequest request;
        request.mutable_agent()->set_client_key(std::string(20'000, 'k'));
        const auto refused = client().call(&Host::CreateVm, request).status;
        CPPUNIT_ASSERT(!refused.ok());
        requireContains(refused.error_message(), "No space left");
        crashDaemon();
        startAgain();
        CPPUNIT_ASSERT_EQUAL(vm.pid(), client().waitForState(vm.id(), v1::VM_STATE_BOOTING).pid());
        fs::remove(stage().runtime() / "filler");
        endAll();
        endDaemon();
    }

    void standsAFullLogDirectory()
    {
        if (!mountSmall(stage().logs(), "4M"))
            return;
        startKeeping({{"vm.console_limit", "64K"}});
        const auto vm = client().createVm();
        fill(stage().logs());
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING); // its console is lost, it is not
        requireStatus(client().call(&Host::CreateVm, v1::CreateVmRequest()).status,
                      StatusCode::RESOURCE_EXHAUSTED, "left in log.dir");
        fs::remove(stage().logs() / "filler");
        endAll();
        endDaemon();
    }

    bool started_ = false;
    std::vector<fs::path> mounts_;

public:
    void setUp() override
    {
        HostTest::setUp();
        started_ = false;
    }
    void tearDown() override
    {
        const auto files = stage().scratch.path();
        for (const auto& path :
             std::exchange(mounts_, {})) // lazily: a daemon that a failed test left still uses it
            static_cast<void>(runCommand({.argv = {"umount", "-l", path}}, files));
        HostTest::tearDown();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RestartTest);

} // namespace
} // namespace teehost::test
