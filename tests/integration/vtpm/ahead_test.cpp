// SPDX-License-Identifier: Apache-2.0
//
// Software TPMs that are made before their VMs: each is of one VM, once, whatever happens in between.
#include <algorithm>
#include <set>

#include <cppunit/extensions/HelperMacros.h>

#include <signal.h>
#include <sys/stat.h>

#include "evidence/evidence.h"
#include "quote/certification.h"
#include "quote/tpm_key.h"
#include "support/proc.h"
#include "vtpm/tpm_host_test.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;

class AheadTest final : public TpmHostTest {
    CPPUNIT_TEST_SUITE(AheadTest);
    CPPUNIT_TEST(isTakenByOneVmWithItsIdInTheCertificate);
    CPPUNIT_TEST(isWastedAndNeverUsedAgainWhenTheDaemonIsKilled);
    CPPUNIT_TEST(endsWithTheDaemonInTheMiddle);
    CPPUNIT_TEST(isMadeBesideOthersWhenThereIsNone);
    CPPUNIT_TEST(isNotMadeForVmsWithoutSuchSteps);
    CPPUNIT_TEST(aStepThatFailsIsToldAndLeavesNothing);
    CPPUNIT_TEST_SUITE_END();

    fs::path ahead() { return stage().runtime() / "ahead"; }

    /// The ids of TPMs that lie ready, or are being made.
    std::set<std::string> lying()
    {
        std::set<std::string> out;
        std::error_code none;
        for (const auto& entry : fs::directory_iterator(ahead(), none))
            if (entry.path().extension() != ".log")
                out.insert(entry.path().filename());
        return out;
    }

    /// A log at level debug says so of each.
    std::set<std::string> waitForTpms(std::size_t count)
    {
        const auto before = made_;
        waitUntil("TPMs are made ahead",
                  [&] { return daemon().timesLogged("steps were run ahead of a vm") >= before + count; });
        made_ = daemon().timesLogged("steps were run ahead of a vm");
        const auto ids = lying();
        for (const auto& id : ids) {
            struct stat status {};
            CPPUNIT_ASSERT_EQUAL(0, ::stat((ahead() / id).c_str(), &status));
            CPPUNIT_ASSERT_EQUAL(0700u, status.st_mode & 0777u);
            CPPUNIT_ASSERT_EQUAL(0, ::stat((ahead() / id / "tpm2-00.permall").c_str(), &status));
            CPPUNIT_ASSERT_EQUAL(0u, status.st_mode & 0077u);
        }
        return ids;
    }

    std::string stateOf(const fs::path& directory) { return readFile(directory / "tpm2-00.permall"); }

    /// A VM whose agent answers; QEMU's processes and files are those of any other VM.
    v1::Vm createOne()
    {
        const auto vm = client().createVm();
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        return vm;
    }

    /// Bytes of the endorsement key, from the TPM itself, whose certificate names the VM.
    std::string endorsementKeyOf(const v1::Vm& vm)
    {
        std::map<std::string, std::string> pieces;
        requireOk(askEndorsement(vm, pieces));
        const std::string& bytes = pieces.at("tpm.ek_certificate");
        const auto certificate = vtpm::EkCertificate::parse(kit::Bytes(bytes.begin(), bytes.end()));
        CPPUNIT_ASSERT_EQUAL(vm.id(), certificate.commonName);
        const std::string& ek = pieces.at("tpm.ek");
        CPPUNIT_ASSERT(certificate.certificate.publicKey() ==
                       vtpm::TpmKey::parse(kit::Bytes(ek.begin(), ek.end())).key);
        return ek;
    }

    /// TPMs are made once a VM came to be.
    void createTheFirst() { client().removeVm(client().createVm().id()); }

    void start(Settings changes = {})
    {
        made_ = 0;
        startWithTpm(with({{"log.level", "debug"}}, std::move(changes)));
        createTheFirst();
    }

    void isTakenByOneVmWithItsIdInTheCertificate()
    {
        start();
        const auto ready = waitForTpms(2);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, ready.size());
        std::set<std::string> states;
        for (const auto& id : ready)
            states.insert(stateOf(ahead() / id));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, states.size());
        std::set<std::string> keys;
        std::vector<v1::Vm> vms;
        for (int i = 0; i < 2; ++i) {
            vms.push_back(createOne());
            CPPUNIT_ASSERT(ready.contains(vms.back().id()));
            CPPUNIT_ASSERT(!fs::exists(ahead() / vms.back().id()));
            const auto environment = readFile(stage().runtime() / "vm" / vms.back().id() / "env/environment");
            requireContains(environment, "AGENT_CVM_ID=" + vms.back().id() + "\n");
            CPPUNIT_ASSERT(fs::exists(stage().logDir(vms.back().id()) / "swtpm-setup.log"));
            keys.insert(endorsementKeyOf(vms.back()));
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, keys.size());
        for (const auto& id : waitForTpms(2))
            CPPUNIT_ASSERT(!ready.contains(id));
        for (const auto& vm : vms)
            client().removeVm(vm.id());
        waitUntilClean();
        endDaemon();
        CPPUNIT_ASSERT(!fs::exists(ahead()));
    }

    /// Between the take and the launch, before and after the files were moved.
    void isWastedAndNeverUsedAgainWhenTheDaemonIsKilled()
    {
        std::set<std::string> seen;
        for (const std::string fault : {"c1", "c2", "c4"}) {
            start();
            endDaemon();
            startAgain({}, {{"TEEHOST_FAULT", fault + ":kill:1:1"}});
            made_ = 0;
            createTheFirst();
            const auto ready = waitForTpms(2);
            for (const auto& id : ready)
                CPPUNIT_ASSERT_MESSAGE(fault, seen.insert(stateOf(ahead() / id)).second);
            CPPUNIT_ASSERT(
                !client().call(&v1::HostService::Stub::CreateVm, v1::CreateVmRequest()).status.ok());
            waitUntil("the fault strikes", [&] { return !daemon().runs(); });
            startAgain();
            made_ = 0;
            waitUntil("what the fault left is undone", [&] { return client().listVms().empty(); });
            waitUntil("what was made ahead is removed", [&] { return lying().empty(); });
            createTheFirst();
            for (const auto& id : waitForTpms(2)) {
                CPPUNIT_ASSERT_MESSAGE(fault, !ready.contains(id));
                CPPUNIT_ASSERT_MESSAGE(fault, seen.insert(stateOf(ahead() / id)).second);
            }
            endDaemon();
            assertClean();
        }
    }

    /// The daemon is killed while swtpm_setup and its children are at work: none of them goes on for nobody.
    void endsWithTheDaemonInTheMiddle()
    {
        start({{"vm.ahead", "64"}});
        const auto steps = [this] { return processesWith(ahead().string() + "/"); };
        waitUntil("a step runs", [&] { return !steps().empty(); });
        for (const auto pid : steps())
            sendSignal(pid, SIGSTOP);
        crashDaemon();
        waitUntil("the steps end", [&] { return steps().empty(); });
        CPPUNIT_ASSERT(!lying().empty());
        startAgain({{"vm.ahead", "0"}});
        waitUntil("the files of an earlier daemon are removed", [&] { return !fs::exists(ahead()); });
        endDaemon();
        assertClean();
    }

    void isMadeBesideOthersWhenThereIsNone()
    {
        start({{"vm.ahead", "0"}});
        const auto vm = createOne();
        CPPUNIT_ASSERT(!fs::exists(ahead()));
        CPPUNIT_ASSERT(!endorsementKeyOf(vm).empty());
        client().removeVm(vm.id());
        waitUntilClean();
    }

    void isNotMadeForVmsWithoutSuchSteps()
    {
        startDaemon({{"log.level", "debug"}});
        const auto vm = client().createVm();
        client().removeVm(vm.id());
        waitUntilClean();
        CPPUNIT_ASSERT(!fs::exists(ahead()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, daemon().timesLogged("steps were run ahead of a vm"));
    }

    void aStepThatFailsIsToldAndLeavesNothing()
    {
        start();
        static_cast<void>(waitForTpms(2));
        const fs::path authority = daemonSettings().at("attest-vtpm.ca_dir");
        fs::remove_all(authority);
        writeFile(authority, "");
        static_cast<void>(createOne()); // of those that are ready
        waitUntil("the failure is told", [&] {
            return daemon().timesLogged(
                       "steps could not be run ahead of a vm; the next one waits for them") == 1;
        });
        waitUntil("its files are removed", [&] { return lying().size() == 1; });
    }

    std::size_t made_ = 0; ///< by this daemon, when last looked at
};
CPPUNIT_TEST_SUITE_REGISTRATION(AheadTest);

} // namespace
} // namespace teehost::test
