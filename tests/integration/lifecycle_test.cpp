// SPDX-License-Identifier: Apache-2.0
//
// How launches and VMs end: given up, stopped, expired, killed, and together with the daemon.
#include <csignal>
#include <future>
#include <set>

#include <cppunit/extensions/HelperMacros.h>

#include "support/host_test.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

using namespace std::chrono_literals;
using grpc::StatusCode;

v1::CreateVmRequest keyed(const std::string& key)
{
    v1::CreateVmRequest request;
    request.set_idempotency_key(key);
    return request;
}

class LifecycleTest final : public HostTest {
    CPPUNIT_TEST_SUITE(LifecycleTest);
    CPPUNIT_TEST(undoesALaunchThatTheClientCancels);
    CPPUNIT_TEST(undoesALaunchAtTheDeadlineOfTheClient);
    CPPUNIT_TEST(undoesALaunchAtItsOwnDeadline);
    CPPUNIT_TEST(undoesALaunchThatQemuDoesNotAnswer);
    CPPUNIT_TEST(removesAVmThatIsBeingLaunched);
    CPPUNIT_TEST(endsAVmWhenItsTtlRunsOut);
    CPPUNIT_TEST(noticesThatQemuWasKilled);
    CPPUNIT_TEST(killsAQemuThatDoesNotReact);
    CPPUNIT_TEST(forceEndsTheGraceOfAnEarlierStop);
    CPPUNIT_TEST(endsEveryVmWhenItIsTerminated);
    CPPUNIT_TEST(endsAtOnceAtTheSecondSignal);
    CPPUNIT_TEST(answersWhoeverRemovesAVmTwice);
    CPPUNIT_TEST(admitsAsManyVmsAsTheLimitAndNoMore);
    CPPUNIT_TEST(recognisesARepeatedRequest);
    CPPUNIT_TEST_SUITE_END();

    /// A daemon whose QEMU hangs before it answers anything.
    void startWithHangingQemu(const Settings& changes = {})
    {
        const auto hanging = qemuWrapper(stage(), "hang");
        startDaemon(with({{"qemu.bin_path", hanging}, {"vm.launch_timeout", "10m"}, {"grpc.timeout", "10m"}},
                         changes));
    }

    void waitUntilQemuStarts()
    {
        waitUntil("QEMU is started", [&] { return !processesWith(daemon().guestName()).empty(); });
    }

    v1::Vm onlyVm()
    {
        const auto vms = client().listVms(/*includeEnded=*/true);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, vms.size());
        return vms.front();
    }

    void requireUndone()
    {
        waitUntilClean();
        client().waitForState(onlyVm().id(), v1::VM_STATE_STOPPED); // written once all is gone
        CPPUNIT_ASSERT(client().listVms().empty());
    }

    void undoesALaunchThatTheClientCancels()
    {
        startWithHangingQemu();
        grpc::ClientContext context;
        const auto status = std::async(std::launch::async, [&] {
            v1::CreateVmResponse response;
            return client().host().CreateVm(&context, {}, &response);
        });
        waitUntilQemuStarts();
        context.TryCancel();
        requireUndone();
        requireContains(onlyVm().cause(), "given up");
    }

    void undoesALaunchAtTheDeadlineOfTheClient()
    {
        startWithHangingQemu();
        const auto answer = client().call(&Host::CreateVm, v1::CreateVmRequest(), 1s);
        requireStatus(answer.status, StatusCode::DEADLINE_EXCEEDED, "");
        requireUndone();
    }

    void undoesALaunchAtItsOwnDeadline()
    {
        startWithHangingQemu({{"grpc.timeout", "1s"}});
        requireStatus(client().call(&Host::CreateVm, v1::CreateVmRequest()).status,
                      StatusCode::DEADLINE_EXCEEDED, "did not start in time and was undone");
        assertClean(); // it answers when it has cleaned up
        requireUndone();
    }

    void undoesALaunchThatQemuDoesNotAnswer()
    {
        startWithHangingQemu({{"vm.launch_timeout", "1s"}});
        requireStatus(client().call(&Host::CreateVm, v1::CreateVmRequest()).status,
                      StatusCode::FAILED_PRECONDITION, "did not get ready");
        waitUntilClean();
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_FAILED,
                             client().waitForState(onlyVm().id(), v1::VM_STATE_FAILED).state());
    }

    void removesAVmThatIsBeingLaunched()
    {
        startWithHangingQemu();
        auto created = std::async(std::launch::async,
                                  [&] { return client().call(&Host::CreateVm, v1::CreateVmRequest()); });
        waitUntilQemuStarts();
        client().removeVm(onlyVm().id());
        assertClean();
        requireStatus(created.get().status, StatusCode::ABORTED, "removed by a client");
        CPPUNIT_ASSERT(client().listVms(true).empty());
    }

    void endsAVmWhenItsTtlRunsOut()
    {
        startDaemon();
        v1::CreateVmRequest request;
        request.mutable_ttl()->set_seconds(2);
        const auto vm = client().createVm(request);
        CPPUNIT_ASSERT(vm.has_deadline());
        const auto ended = client().waitForState(vm.id(), v1::VM_STATE_STOPPED);
        CPPUNIT_ASSERT_EQUAL(std::string("its TTL ran out"), ended.cause());
        CPPUNIT_ASSERT(ended.state_since().seconds() >= vm.created().seconds() + 2);
        std::set<std::string> kinds;
        for (const auto& event : client().events(vm.id()))
            kinds.insert(event.kind());
        CPPUNIT_ASSERT(kinds.contains("ttl-expired"));
        assertClean();
        // A service that cleans up takes an error for a VM that is left, and asks again for ever.
        manager::RemoveReq remove;
        remove.set_cvm_id(vm.id());
        requireOk(client().call(&Manager::RemoveVm, remove).status);
        CPPUNIT_ASSERT(client().listVms(true).empty());
    }

    void noticesThatQemuWasKilled()
    {
        startDaemon();
        const auto vm = client().createVm();
        CPPUNIT_ASSERT_EQUAL(0, ::kill(vm.pid(), SIGKILL));
        const auto failed = client().waitForState(vm.id(), v1::VM_STATE_FAILED);
        requireContains(failed.cause(), "killed by signal 9");
        CPPUNIT_ASSERT_EQUAL(0, failed.pid());
        assertClean(); // not even a zombie
    }

    /// The ladder ends with SIGKILL, and nobody else waits meanwhile.
    void killsAQemuThatDoesNotReact()
    {
        startDaemon({{"vm.stop_grace", "1s"}});
        const auto stuck = runVm();
        CPPUNIT_ASSERT_EQUAL(0, ::kill(stuck.pid(), SIGSTOP));
        auto stopped = std::async(std::launch::async, [&] { return client().stopVm(stuck.id()); });
        client().waitForState(stuck.id(), v1::VM_STATE_STOPPING);
        const auto other = client().createVm();
        client().removeVm(other.id());
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_STOPPED, stopped.get().state());
        assertClean();
    }

    void endsEveryVmWhenItIsTerminated()
    {
        const auto second = qemuWrapper(stage(), "[ -e \"$dir/first\" ] && hang; : > \"$dir/first\"");
        startDaemon({{"qemu.bin_path", second}, {"vm.launch_timeout", "10m"}, {"grpc.timeout", "10m"}});
        const auto running = runVm();
        auto launching = std::async(std::launch::async,
                                    [&] { return client().call(&Host::CreateVm, v1::CreateVmRequest()); });
        waitUntil("the second QEMU is started",
                  [&] { return processesWith(daemon().guestName()).size() == 2; });
        CPPUNIT_ASSERT_EQUAL(0, daemon().terminate());
        requireStatus(launching.get().status, StatusCode::UNAVAILABLE, "the daemon is stopping");
        assertClean();
        // It had the time to power off.
        requireContains(readFile(stage().logDir(running.id()) / "console.log"), "power button: powering off");
    }

    void startWithDeafGuests()
    {
        startDaemon({{"qemu.kernel.cmdline", quickCmdline("teehost.fault=ignore-power")}});
    }

    /// With a grace longer than any test waits.
    std::future<Answer<v1::Vm>> stopWithoutEnd(const v1::Vm& vm)
    {
        v1::StopVmRequest request;
        request.set_id(vm.id());
        request.mutable_grace()->set_seconds(300);
        auto stopped =
            std::async(std::launch::async, [this, request] { return client().call(&Host::StopVm, request); });
        client().waitForState(vm.id(), v1::VM_STATE_STOPPING);
        return stopped;
    }

    void forceEndsTheGraceOfAnEarlierStop()
    {
        startWithDeafGuests();
        const auto vm = runVm();
        auto stopped = stopWithoutEnd(vm);
        client().removeVm(vm.id(), /*force=*/true);
        assertClean();
        requireOk(stopped.get().status);
        CPPUNIT_ASSERT(client().listVms(true).empty());
    }

    /// Somebody who cannot wait leaves QEMU behind, as SIGKILL would.
    void endsAtOnceAtTheSecondSignal()
    {
        startWithDeafGuests();
        const auto vm = runVm();
        auto stopped = stopWithoutEnd(vm);
        daemon().signal(SIGTERM);
        waitUntil("the daemon stops", [&] { return daemon().timesLogged("teehostd stops") == 1; });
        CPPUNIT_ASSERT(daemon().runs());
        CPPUNIT_ASSERT_EQUAL(128 + SIGTERM, daemon().terminate());
        CPPUNIT_ASSERT_EQUAL(StatusCode::UNAVAILABLE, stopped.get().status.error_code());
        CPPUNIT_ASSERT(exists(vm.pid()));
        CPPUNIT_ASSERT_EQUAL(0, ::kill(vm.pid(), SIGKILL));
        for (const auto& directory : {stage().runtime() / "vm", stage().state() / "vm"})
            std::filesystem::remove_all(directory);
        waitUntilClean();
    }

    void answersWhoeverRemovesAVmTwice()
    {
        startDaemon();
        const auto vm = runVm();
        v1::RemoveVmRequest request;
        request.set_id(vm.id());
        std::vector<std::future<grpc::Status>> removals;
        for (int i = 0; i < 4; ++i)
            removals.push_back(std::async(std::launch::async,
                                          [&] { return client().call(&Host::RemoveVm, request).status; }));
        int successes = 0;
        for (auto& removal : removals) {
            const auto status = removal.get();
            successes += status.ok() ? 1 : 0;
            if (!status.ok())
                requireStatus(status, StatusCode::NOT_FOUND, vm.id());
        }
        CPPUNIT_ASSERT(successes >= 1);
        assertClean();
    }

    void admitsAsManyVmsAsTheLimitAndNoMore()
    {
        constexpr std::size_t kLimit = 3;
        startDaemon({{"vm.max", std::to_string(kLimit)}});
        std::vector<std::future<Answer<v1::CreateVmResponse>>> calls;
        for (std::size_t i = 0; i < 4 * kLimit; ++i)
            calls.push_back(std::async(
                std::launch::async, [&] { return client().call(&Host::CreateVm, v1::CreateVmRequest()); }));
        std::set<std::string> ids;
        std::set<std::uint32_t> ports;
        for (auto& call : calls) {
            const auto answer = call.get();
            if (!answer.status.ok()) {
                requireStatus(answer.status, StatusCode::RESOURCE_EXHAUSTED, "its limit is 3");
                continue;
            }
            ids.insert(answer.body.vm().id());
            ports.insert(answer.body.vm().agent_port());
        }
        CPPUNIT_ASSERT_EQUAL(kLimit, ids.size());
        CPPUNIT_ASSERT_EQUAL(kLimit, ports.size());
        for (const auto& id : ids)
            client().removeVm(id);
        assertClean();
        client().removeVm(client().createVm().id()); // there is room again
    }

    void recognisesARepeatedRequest()
    {
        startDaemon();
        std::vector<std::future<v1::Vm>> calls;
        for (int i = 0; i < 3; ++i)
            calls.push_back(
                std::async(std::launch::async, [&] { return client().createVm(keyed("order-17")); }));
        std::set<std::string> ids;
        for (auto& call : calls)
            ids.insert(call.get().id());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, ids.size());
        CPPUNIT_ASSERT_EQUAL(*ids.begin(), client().createVm(keyed("order-17")).id());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, client().listVms().size());

        auto other = keyed("order-17");
        other.mutable_agent()->set_server_url("elsewhere:7011");
        requireStatus(client().call(&Host::CreateVm, other).status, StatusCode::ALREADY_EXISTS, "order-17");
        const auto vm = client().createVm(keyed("order-18"));
        CPPUNIT_ASSERT(!ids.contains(vm.id()));
        client().removeVm(vm.id());
        client().removeVm(*ids.begin());
        // A VM that was removed leaves its key to others.
        const auto again = client().createVm(other);
        client().removeVm(again.id());
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LifecycleTest);

} // namespace
} // namespace teehost::test
