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

    /// A guest that was up may power itself off; everything else nobody asked for.
    void tellsWhyAGuestEnded()
    {
        struct Row {
            std::string parameters;
            v1::VmState state;
            std::string cause;
        };
        const std::string kLater = " teehost.fault_delay_ms=10000";
        const Row rows[] = {
            {"teehost.fault=poweroff" + kLater, v1::VM_STATE_STOPPED, "the guest powered off"},
            {"teehost.fault=poweroff", v1::VM_STATE_FAILED, "the guest powered off before it was up"},
            {"teehost.fault=reboot" + kLater, v1::VM_STATE_FAILED, "the guest rebooted"},
            {"teehost.fault=panic" + kLater, v1::VM_STATE_FAILED, "the guest panicked"}};
        startWithCmdlines();
        std::vector<v1::Vm> vms;
        for (const auto& row : rows)
            vms.push_back(createWith(row.parameters));
        for (std::size_t i = 0; i < vms.size(); ++i) {
            const auto ended = client().waitForState(vms[i].id(), rows[i].state);
            CPPUNIT_ASSERT_MESSAGE(ended.cause(), ended.cause().starts_with(rows[i].cause));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(ended.cause(), rows[i].state == v1::VM_STATE_STOPPED,
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
        startWithCmdlines({{"vm.boot_timeout_tcg", "5s"}, {"vm.on_boot_timeout", "end"}});
        const auto vm = createWith("teehost.fault=no-agent");
        const auto failed = client().waitForState(vm.id(), v1::VM_STATE_FAILED);
        requireContains(failed.cause(), "within 5s");
        requireContains(failed.remedy(), "console");
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(GuestEndTest);

} // namespace
} // namespace teehost::test
