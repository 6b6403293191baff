// SPDX-License-Identifier: Apache-2.0
//
// QEMU through sudo (qemu.use_sudo): what the daemon holds is then sudo, which must not be all that ends.
#include <algorithm>
#include <csignal>
#include <iostream>

#include <cppunit/extensions/HelperMacros.h>

#include "support/host_test.h"
#include "support/proc.h"

namespace teehost::test {
namespace {

using namespace std::chrono_literals;

class SudoTest final : public HostTest {
    CPPUNIT_TEST_SUITE(SudoTest);
    CPPUNIT_TEST(runsAVmThroughSudo);
    CPPUNIT_TEST(powersOffAndRemovesAVmUnderSudo);
    CPPUNIT_TEST(killsAQemuUnderSudoThatDoesNotReact);
    CPPUNIT_TEST(endsAVmUnderSudoWithItself);
    CPPUNIT_TEST_SUITE_END();

    /// Whether the test can be; CTest shows what is said here as a skipped test.
    bool canUseSudo()
    {
        try {
            runOrThrow({"sudo", "-n", "true"}, stage().scratch.path());
            return true;
        } catch (const std::exception& error) {
            std::cerr << "skipped: sudo -n does not work here: " << error.what() << "\n";
            return false;
        }
    }

    v1::Vm runUnderSudo(const Settings& changes = {})
    {
        startDaemon(with({{"qemu.use_sudo", "true"}}, changes));
        return runVm();
    }

    /// QEMU itself among the processes that carry the name of the daemon's only VM.
    pid_t qemu()
    {
        for (const pid_t pid : processesWith(daemon().guestName()))
            if (const auto argv = argvOf(pid);
                !argv.empty() && argv[0].find("qemu-system-x86_64") != std::string::npos)
                return pid;
        return -1;
    }

    void runsAVmThroughSudo()
    {
        if (!canUseSudo())
            return;
        const auto vm = runUnderSudo();
        CPPUNIT_ASSERT(argvOf(vm.pid()).at(0).ends_with("/sudo"));
        CPPUNIT_ASSERT(qemu() > 0);
        CPPUNIT_ASSERT_EQUAL(std::string("0\t0\t0\t0"), statusOf(qemu(), "Uid"));
        CPPUNIT_ASSERT_EQUAL(std::string("2"), statusOf(qemu(), "Seccomp"));
        CPPUNIT_ASSERT(isHealthy(vm.agent_address()));
        client().removeVm(vm.id());
        assertClean();
    }

    void powersOffAndRemovesAVmUnderSudo()
    {
        if (!canUseSudo())
            return;
        const auto vm = runUnderSudo({{"vm.stop_grace", "90s"}});
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_STOPPED, client().stopVm(vm.id()).state());
        requireContains(client().console(vm.id()), "power button: powering off");
        client().removeVm(vm.id());
        assertClean();
    }

    /// sudo cannot pass SIGKILL on.
    void killsAQemuUnderSudoThatDoesNotReact()
    {
        if (!canUseSudo())
            return;
        const auto vm = runUnderSudo();
        CPPUNIT_ASSERT_EQUAL(0, ::kill(qemu(), SIGSTOP));
        client().removeVm(vm.id());
        assertClean();
    }

    void endsAVmUnderSudoWithItself()
    {
        if (!canUseSudo())
            return;
        const auto vm = runUnderSudo();
        CPPUNIT_ASSERT_EQUAL(0, ::kill(qemu(), SIGKILL));
        const auto failed = client().waitForState(vm.id(), v1::VM_STATE_FAILED);
        requireContains(failed.cause(), "QEMU ended unasked");
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SudoTest);

} // namespace
} // namespace teehost::test
