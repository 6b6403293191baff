// SPDX-License-Identifier: Apache-2.0
//
// The ownership of VMs: two daemons on a host, a store that vanished, a copied state directory, and orphans.
#include <algorithm>
#include <filesystem>

#include <cppunit/extensions/HelperMacros.h>

#include "support/cli.h"
#include "support/host_test.h"
#include "support/http.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;
using grpc::StatusCode;

class OwnershipTest final : public HostTest {
    CPPUNIT_TEST_SUITE(OwnershipTest);
    CPPUNIT_TEST(twoDaemonsOfOneNameLeaveEachOthersVmsAlone);
    CPPUNIT_TEST(aVanishedStoreEndsNoVm);
    CPPUNIT_TEST(noLaterStartEndsWhatAVanishedStoreLeft);
    CPPUNIT_TEST(aWipedStateDirectoryTouchesNoVm);
    CPPUNIT_TEST(aMissingInstanceFileIsMadeAgain);
    CPPUNIT_TEST(anotherRuntimeDirectoryLosesNothing);
    CPPUNIT_TEST(aLinkToTheRuntimeDirectoryIsTheSame);
    CPPUNIT_TEST(aCopyOfAStateDirectoryOwnsNothing);
    CPPUNIT_TEST(adoptsAnOrphan);
    CPPUNIT_TEST(endsAnOrphanOnRequest);
    CPPUNIT_TEST(refusesABrokenInstanceFile);
    CPPUNIT_TEST_SUITE_END();

    void start(const Settings& changes = {})
    {
        startDaemon(with({{"vm.on_shutdown", "keep"}, {"qemu.bin_path", standInQemu(stage())}}, changes));
    }

    void loseTheStore()
    {
        for (const auto* part : {"", "-wal", "-shm"})
            fs::remove((stage().state() / "teehost.db").string() + part);
    }

    /// Gives this daemon's orphans only: QEMUs of other tests run on this machine as well.
    std::vector<v1::Orphan> orphans()
    {
        std::vector<v1::Orphan> owned;
        const v1::ListOrphansResponse found = client().ask(&Host::ListOrphans, v1::ListOrphansRequest());
        for (const auto& orphan : found.orphans())
            if (orphan.owned())
                owned.push_back(orphan);
        return owned;
    }

    /// Another daemon with the same name, in directories of its own.
    Settings elsewhere(const Stage& other, const Settings& changes = {})
    {
        return with(quickSettings(other),
                    with({{"qemu.bin_path", standInQemu(other)}, {"vm.on_shutdown", "keep"}}, changes));
    }

    void twoDaemonsOfOneNameLeaveEachOthersVmsAlone()
    {
        const Settings same{{"instance.id", "rack7-host"}, {"vm.orphans", "end"}};
        start(same);
        const auto vm = client().createVm();
        Stage other;
        for (int again = 0; again < 2; ++again) {
            Daemon second(other, {.settings = elsewhere(other, same)});
            CPPUNIT_ASSERT(second.owner() != daemon().owner());
            CPPUNIT_ASSERT_EQUAL(std::size_t{0}, second.timesLogged("an orphan was found"));
            CPPUNIT_ASSERT_EQUAL(0, second.terminate());
        }
        CPPUNIT_ASSERT(exists(vm.pid()));
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_BOOTING, client().getVm(vm.id()).state());
        client().removeVm(vm.id());
        assertClean();
    }

    void aVanishedStoreEndsNoVm()
    {
        for (const auto* name : {"", "rack7-host"}) {
            start({{"instance.id", name}, {"vm.orphans", "end"}});
            const auto vm = client().createVm();
            crashDaemon();
            loseTheStore();
            startAgain();
            CPPUNIT_ASSERT(exists(vm.pid()));
            CPPUNIT_ASSERT(fs::exists(stage().runDir(vm.id())));
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, orphans().size());
            v1::AdoptOrphanRequest request;
            request.set_vm_id(vm.id());
            client().ask(&Host::AdoptOrphan, request);
            client().removeVm(vm.id());
            assertClean();
            endDaemon();
        }
        startAgain();
    }

    void noLaterStartEndsWhatAVanishedStoreLeft()
    {
        start({{"vm.orphans", "end"}});
        const auto vm = client().createVm();
        crashDaemon();
        loseTheStore();
        for (int again = 0; again < 3; ++again) {
            startAgain();
            CPPUNIT_ASSERT(exists(vm.pid()));
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, orphans().size());
            endDaemon();
        }
        startAgain();
        CPPUNIT_ASSERT_EQUAL(0, runCli(stage(), daemon(), {"end-orphan", vm.id()}).status);
        assertClean();
    }

    /// The daemon of a new UUID meets VMs of the old one in its runtime directory.
    void aWipedStateDirectoryTouchesNoVm()
    {
        start({{"vm.orphans", "end"}});
        const auto vm = client().createVm();
        const auto owner = daemon().owner();
        crashDaemon();
        fs::remove_all(stage().state());
        for (int again = 0; again < 2; ++again) {
            startAgain();
            CPPUNIT_ASSERT_EQUAL(owner, daemon().owner()); // by the names of its QEMUs
            CPPUNIT_ASSERT(exists(vm.pid()));
            CPPUNIT_ASSERT(fs::exists(stage().runDir(vm.id()) / "env"));
            endDaemon();
        }
        startAgain();
        CPPUNIT_ASSERT_EQUAL(0, runCli(stage(), daemon(), {"end-orphan", vm.id()}).status);
        assertClean();
    }

    void aMissingInstanceFileIsMadeAgain()
    {
        start();
        const auto vm = client().createVm();
        const auto owner = daemon().owner();
        crashDaemon();
        fs::remove(stage().state() / "instance-id");
        startAgain();
        CPPUNIT_ASSERT_EQUAL(owner, daemon().owner());
        CPPUNIT_ASSERT_EQUAL(owner + "\n", readFile(stage().state() / "instance-id"));
        CPPUNIT_ASSERT_EQUAL(vm.pid(), client().waitForState(vm.id(), v1::VM_STATE_BOOTING).pid());
        client().removeVm(vm.id());
        assertClean();
    }

    void anotherRuntimeDirectoryLosesNothing()
    {
        start({{"vm.orphans", "end"}});
        const auto vm = client().createVm();
        const auto own = options_.settings.at("runtime.dir");
        crashDaemon();
        startAgain({{"runtime.dir", stage().scratch / "elsewhere"}});
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_LOST, client().waitForState(vm.id(), v1::VM_STATE_LOST).state());
        CPPUNIT_ASSERT(exists(vm.pid()));
        requireContains(runCli(stage(), daemon(), {"orphans"}).output, "ours, in another runtime.dir");
        endDaemon();
        startAgain({{"runtime.dir", own}});
        CPPUNIT_ASSERT_EQUAL(vm.pid(), client().waitForState(vm.id(), v1::VM_STATE_BOOTING).pid());
        client().removeVm(vm.id());
        assertClean();
    }

    void aLinkToTheRuntimeDirectoryIsTheSame()
    {
        start({{"vm.orphans", "end"}});
        const auto kept = client().createVm(), orphan = client().createVm();
        crashDaemon();
        runOrThrow(
            {"sqlite3", stage().state() / "teehost.db", "DELETE FROM vm WHERE id='" + orphan.id() + "'"},
            stage().scratch.path());
        fs::create_directory(stage().scratch / "parent");
        fs::create_directory_symlink(stage().scratch.path(), stage().scratch / "parent" / "link");
        const auto linked = stage().scratch / "parent" / "link" / stage().runtime().filename();
        startAgain({{"runtime.dir", linked}, {"vm.orphans", "report"}});
        CPPUNIT_ASSERT_EQUAL(kept.pid(), client().waitForState(kept.id(), v1::VM_STATE_BOOTING).pid());
        CPPUNIT_ASSERT(fs::exists(stage().runDir(kept.id()) / "qmp"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, orphans().size());
        CPPUNIT_ASSERT_EQUAL(0, runCli(stage(), daemon(), {"end-orphan", orphan.id()}).status);
        client().removeVm(kept.id());
        assertClean();
    }

    void aCopyOfAStateDirectoryOwnsNothing()
    {
        start();
        v1::CreateVmRequest restartable;
        restartable.set_max_restarts(3);
        const auto vm = client().createVm(restartable);
        crashDaemon();
        Stage other;
        fs::copy(stage().state(), other.state(), fs::copy_options::recursive);
        fs::permissions(other.state(), fs::perms::owner_all);
        startAgain();
        {
            Daemon second(other, {.settings = elsewhere(other, {{"vm.orphans", "end"}})});
            second.leaveVms(); // its UUID is that of the first
            Client there(second.grpcAddress());
            const auto copied = there.waitForState(vm.id(), v1::VM_STATE_LOST);
            requireContains(copied.cause(), "left alone");
            v1::EndOrphanRequest end;
            end.set_vm_id(vm.id());
            requireStatus(there.call(&Host::EndOrphan, end).status, StatusCode::FAILED_PRECONDITION,
                          "not this daemon's");
            there.removeVm(vm.id());
            CPPUNIT_ASSERT_EQUAL(0, second.terminate());
        }
        CPPUNIT_ASSERT(exists(vm.pid()));
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_BOOTING, client().getVm(vm.id()).state());
        client().removeVm(vm.id());
        assertClean();
    }

    void adoptsAnOrphan()
    {
        start();
        v1::CreateVmRequest wanted;
        (*wanted.mutable_labels())["team"] = "blue";
        wanted.mutable_ttl()->set_seconds(3600);
        wanted.set_idempotency_key("once");
        const auto before = client().createVm(wanted);
        crashDaemon();
        loseTheStore();
        startAgain();
        CPPUNIT_ASSERT(client().listVms().empty());
        const auto found = orphans();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, found.size());
        CPPUNIT_ASSERT(found[0].adoptable());
        CPPUNIT_ASSERT_EQUAL(before.pid(), found[0].pid());
        CPPUNIT_ASSERT_EQUAL(daemon().owner(), found[0].owner());

        const auto adopted = runCli(stage(), daemon(), {"adopt", before.id()});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(adopted.errors, 0, adopted.status);
        const auto after = client().waitForState(before.id(), v1::VM_STATE_BOOTING);
        CPPUNIT_ASSERT_EQUAL(before.pid(), after.pid());
        CPPUNIT_ASSERT_EQUAL(before.agent_address(), after.agent_address());
        CPPUNIT_ASSERT_EQUAL(std::string("blue"), after.labels().at("team"));
        CPPUNIT_ASSERT_EQUAL(before.deadline().seconds(), after.deadline().seconds());
        CPPUNIT_ASSERT_EQUAL(before.id(), client().createVm(wanted).id());
        CPPUNIT_ASSERT(orphans().empty());
        requireLacks(runCli(stage(), daemon(), {"orphans"}).output, before.id());
        v1::AdoptOrphanRequest again;
        again.set_vm_id(before.id());
        requireStatus(client().call(&Host::AdoptOrphan, again).status, StatusCode::FAILED_PRECONDITION,
                      "is watched");
        const auto metrics = httpGet("http://" + daemon().httpAddress() + "/metrics").body;
        requireContains(metrics, "teehost_vms{state=\"booting\"} 1");
        crashDaemon(); // its row is in the store like any other's
        startAgain();
        CPPUNIT_ASSERT_EQUAL(before.pid(), client().waitForState(before.id(), v1::VM_STATE_BOOTING).pid());
        client().removeVm(before.id());
        assertClean();
    }

    void endsAnOrphanOnRequest()
    {
        start();
        const auto kept = client().createVm(), bare = client().createVm();
        crashDaemon();
        loseTheStore();
        fs::remove(stage().state() / "records" / (bare.id() + ".json"));
        startAgain();
        const auto listed = runCli(stage(), daemon(), {"orphans"});
        requireContains(listed.output, "ours; adopt or end-orphan");
        v1::AdoptOrphanRequest adopt;
        adopt.set_vm_id(bare.id());
        requireStatus(client().call(&Host::AdoptOrphan, adopt).status, StatusCode::FAILED_PRECONDITION,
                      "nothing was kept");
        for (const auto& vm : {kept, bare}) {
            const auto ended = runCli(stage(), daemon(), {"end-orphan", vm.id()});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(ended.errors, 0, ended.status);
            CPPUNIT_ASSERT(!exists(vm.pid()) || statusOf(vm.pid(), "State").starts_with("Z"));
        }
        CPPUNIT_ASSERT_EQUAL(4, runCli(stage(), daemon(), {"end-orphan", bare.id()}).status);
        assertClean();
    }

    void refusesABrokenInstanceFile()
    {
        start();
        endDaemon();
        const auto file = stage().state() / "instance-id";
        const auto whole = readFile(file);
        for (const auto* broken : {"", "\n", "no-uuid\n"}) {
            writeFile(file, broken);
            const auto refused = runDaemon(stage(), {.settings = options_.settings});
            CPPUNIT_ASSERT(refused.status != 0);
            requireContains(refused.errors, "instance-id");
            CPPUNIT_ASSERT_EQUAL(std::string(broken), readFile(file));
        }
        writeFile(file, whole);
        startAgain();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(OwnershipTest);

} // namespace
} // namespace teehost::test
