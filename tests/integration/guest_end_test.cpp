// SPDX-License-Identifier: Apache-2.0
//
// How guests end, by themselves and when they are asked to: what the daemon then says of them.
#include <cppunit/extensions/HelperMacros.h>

#include "support/host_test.h"

namespace teehost::test {
namespace {

using namespace std::chrono_literals;

class GuestEndTest final : public HostTest {
    CPPUNIT_TEST_SUITE(GuestEndTest);
    CPPUNIT_TEST(tellsWhyAGuestEnded);
    CPPUNIT_TEST(powersAGuestOffByItsButton);
    CPPUNIT_TEST(endsAGuestThatIgnoresItsButton);
    CPPUNIT_TEST(givesUpAGuestWhoseAgentNeverAnswers);
    CPPUNIT_TEST_SUITE_END();

    v1::Vm createWith(const std::string& parameters)
    {
        v1::CreateVmRequest request;
        request.set_cmdline(quickCmdline(parameters));
        return client().createVm(request);
    }

    void startWithCmdlines(const Settings& changes = {})
    {
        startDaemon(with({{"vm.allow_cmdline", "true"}}, changes));
    }

    void tellsWhyAGuestEnded()
    {
        struct Row {
            const char* fault;
            v1::VmState state;
            const char* cause;
        };
        constexpr Row kRows[] = {{"poweroff", v1::VM_STATE_STOPPED, "the guest powered off"},
                                 {"reboot", v1::VM_STATE_STOPPED, "the guest rebooted"},
                                 {"panic", v1::VM_STATE_FAILED, "the guest panicked"}};
        startWithCmdlines();
        std::map<std::string, v1::Vm> vms;
        for (const auto& row : kRows)
            vms[row.fault] = createWith("teehost.fault=" + std::string(row.fault));
        for (const auto& row : kRows) {
            const auto ended = client().waitForState(vms.at(row.fault).id(), row.state);
            requireContains(ended.cause(), row.cause);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.fault, row.state == v1::VM_STATE_STOPPED,
                                         ended.remedy().empty());
            requireContains(client().console(ended.id()), "teehost-agent: fault: ");
        }
        assertClean();
    }

    void powersAGuestOffByItsButton()
    {
        startDaemon({{"vm.stop_grace", "90s"}});
        const auto vm = runVm();
        const auto start = std::chrono::steady_clock::now();
        const auto stopped = client().stopVm(vm.id());
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - start < 90s);
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_STOPPED, stopped.state());
        CPPUNIT_ASSERT_EQUAL(std::string("stopped by a client"), stopped.cause());
        requireContains(client().console(vm.id()), "power button: powering off");
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_STOPPED, client().stopVm(vm.id()).state()); // once more is no error
        assertClean();
    }

    void endsAGuestThatIgnoresItsButton()
    {
        startWithCmdlines();
        const auto vm = createWith("teehost.fault=ignore-power");
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        v1::StopVmRequest request;
        request.set_id(vm.id());
        request.mutable_grace()->set_seconds(3);
        const auto start = std::chrono::steady_clock::now();
        const auto stopped = client().ask(&Host::StopVm, request);
        const auto took = std::chrono::steady_clock::now() - start;
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_STOPPED, stopped.state());
        CPPUNIT_ASSERT(took >= 3s);
        requireContains(client().console(vm.id()), "fault: power button ignored");
        assertClean();
    }

    void givesUpAGuestWhoseAgentNeverAnswers()
    {
        startWithCmdlines({{"vm.boot_timeout_tcg", "5s"}});
        const auto vm = createWith("teehost.fault=no-agent");
        const auto failed = client().waitForState(vm.id(), v1::VM_STATE_FAILED);
        requireContains(failed.cause(), "the agent did not answer within 5s");
        requireContains(failed.remedy(), "console");
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(GuestEndTest);

} // namespace
} // namespace teehost::test
