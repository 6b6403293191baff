// SPDX-License-Identifier: Apache-2.0
//
// Launches that cannot work, because of QEMU, its files or its ports: what the client is told, and that it
// may try again.
#include <future>

#include <cppunit/extensions/HelperMacros.h>

#include "support/guest_image.h"
#include "support/host_test.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

using grpc::StatusCode;

class LaunchFailureTest final : public HostTest {
    CPPUNIT_TEST_SUITE(LaunchFailureTest);
    CPPUNIT_TEST(explainsWhatQemuCannotWorkWith);
    CPPUNIT_TEST(doesNotStartWithoutItsFirmwareOrAccount);
    CPPUNIT_TEST(explainsHowQemuEnded);
    CPPUNIT_TEST(showsWhatQemuSaysOnlyEscaped);
    CPPUNIT_TEST(worksAgainOnceTheCauseIsGone);
    CPPUNIT_TEST(refusesWhenEveryPortIsTaken);
    CPPUNIT_TEST(passesOverAPortThatIsTaken);
    CPPUNIT_TEST(triesTheNextPortWhenOneIsTakenMeanwhile);
    CPPUNIT_TEST(givesUpWhenEveryPortIsTakenMeanwhile);
    CPPUNIT_TEST_SUITE_END();

    grpc::Status create() { return client().call(&Host::CreateVm, v1::CreateVmRequest()).status; }

    void explainsWhatQemuCannotWorkWith()
    {
        const auto garbage = stage().scratch / "garbage";
        writeFile(garbage, std::string(8192, 'x'));
        struct Row {
            Settings changes;
            std::string words;
        };
        const Row rows[] = {
            {{{"qemu.kernel.file", "/nonexistent/vmlinux"}},
             "cannot open kernel \"/nonexistent/vmlinux\": No such file"},
            {{{"qemu.kernel.file", garbage}}, "ernel"},
            {{{"qemu.kernel.initrd", "/nonexistent/initrd"}}, "cannot open initrd"},
            {{{"qemu.kernel.file", stage().scratch.path()}}, "is not a regular file"},
            {{{"qemu.bin_path", "/nonexistent/qemu"}}, "cannot execute \"/nonexistent/qemu\""},
            {{{"qemu.bin_path", "no-such-qemu"}}, "there is no program \"no-such-qemu\" in PATH"},
            {{{"qemu.machine", "nosuch"}}, "machine type"},
            {{{"qemu.cpu", "nosuch"}}, "CPU model"},
            {{{"qemu.smp.count", "4096"}, {"qemu.smp.maxcpus", "4096"}, {"vm.cpu_overcommit", "0"}}, "vCPUs"},
            {{{"qemu.mounts.env", "/nonexistent/dir"}}, "/nonexistent/dir"},
        };
        for (const auto& row : rows) {
            startDaemon(row.changes);
            requireStatus(create(), StatusCode::FAILED_PRECONDITION, row.words);
            assertClean();
            CPPUNIT_ASSERT(client().listVms().empty());
            endDaemon();
        }
    }

    void doesNotStartWithoutItsFirmwareOrAccount()
    {
        for (const auto* key : {"ovmf.code.file", "ovmf.vars.file"}) {
            auto settings =
                with(quickSettings(stage()), {{"ovmf.code.file", "/usr/share/OVMF/OVMF_CODE.fd"}});
            settings[key] = "/nonexistent/OVMF.fd";
            const auto ended = runDaemon(stage(), {.settings = settings});
            CPPUNIT_ASSERT(ended.status != 0);
            requireContains(ended.errors, "cannot read \"/nonexistent/OVMF.fd\": No such file");
        }
        const auto ended = runDaemon(
            stage(), {.settings = with(quickSettings(stage()), {{"qemu.user", "no-such-account"}})});
        CPPUNIT_ASSERT(ended.status != 0);
        requireContains(ended.errors, "there is no account \"no-such-account\"");
    }

    void explainsHowQemuEnded()
    {
        struct Row {
            std::string body, words;
        };
        const Row rows[] = {{"echo 'the dog ate it' >&2; exit 1", "the dog ate it"},
                            {"exit 3", "exit status 3"},
                            {"echo 'qemu: warning: odd' >&2; exit 0", "rebooted or powered off at once"},
                            {"kill -ABRT $$", "ABRT"},
                            {"kill -SYS $$", "sandbox"},
                            {"kill -KILL $$", "killed"},
                            {"exec /nonexistent/qemu", "nonexistent"}};
        for (const auto& row : rows) {
            startDaemon({{"qemu.bin_path", qemuWrapper(stage(), row.body)}});
            requireStatus(create(), StatusCode::FAILED_PRECONDITION, row.words);
            assertClean();
            const auto vms = client().listVms(true);
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, vms.size());
            CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_FAILED, vms.front().state());
            requireContains(vms.front().cause(), row.words);
            client().removeVm(vms.front().id());
            endDaemon();
        }
    }

    /// Its words reach terminals, and so must not be able to drive one.
    void showsWhatQemuSaysOnlyEscaped()
    {
        startDaemon({{"qemu.bin_path",
                      qemuWrapper(stage(), "printf 'boom \\033]0;owned\\007 \\377\\n' >&2; exit 1")}});
        const auto status = create();
        requireStatus(status, StatusCode::FAILED_PRECONDITION, "boom \\x1b]0;owned\\x07 \\xff");
        requireLacks(status.error_message(), "\033");
        requireLacks(daemon().log(), "\033");
        requireLacks(client().listVms(true).front().cause(), "\033");
    }

    void worksAgainOnceTheCauseIsGone()
    {
        const auto kernel = stage().scratch / "kernel";
        startDaemon({{"qemu.kernel.file", kernel}});
        requireStatus(create(), StatusCode::FAILED_PRECONDITION, "cannot open kernel");
        std::filesystem::create_symlink(guestImage().vmlinux, kernel);
        client().removeVm(client().createVm().id());
        assertClean();
    }

    void refusesWhenEveryPortIsTaken()
    {
        const PortTaker first(stage().ports.low());
        const PortTaker second(static_cast<std::uint16_t>(stage().ports.low() + 1));
        startDaemon({{"qemu.host_fwd_range", stage().ports.text(2)}});
        requireStatus(create(), StatusCode::RESOURCE_EXHAUSTED, "every port from");
        CPPUNIT_ASSERT(client().events().empty());
        CPPUNIT_ASSERT(client().listVms(true).empty());
    }

    void passesOverAPortThatIsTaken()
    {
        std::optional<PortTaker> taker(stage().ports.low());
        startDaemon({{"qemu.host_fwd_range", stage().ports.text(2)}});
        const auto vm = client().createVm();
        CPPUNIT_ASSERT_EQUAL(stage().ports.low() + 1u, vm.agent_port());
        requireStatus(create(), StatusCode::RESOURCE_EXHAUSTED, "1 by VMs, the rest by other programs");
        taker.reset();
        const auto second = client().createVm();
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{stage().ports.low()}, second.agent_port());
        client().removeVm(vm.id());
        client().removeVm(second.id());
        assertClean();
    }

    /// Between the daemon's look at a port and QEMU's bind anybody may take it.
    void triesTheNextPortWhenOneIsTakenMeanwhile()
    {
        const auto wrapper =
            qemuWrapper(stage(), "if ! [ -e \"$dir/port\" ]; then\n"
                                 "    echo $port > \"$dir/port.new\"; mv \"$dir/port.new\" \"$dir/port\"\n"
                                 "    while ! [ -e \"$dir/taken\" ]; do sleep 0.02; done\n"
                                 "fi");
        startDaemon({{"qemu.bin_path", wrapper}, {"vm.launch_timeout", "2m"}});
        auto created = std::async(std::launch::async, [&] { return client().createVm(); });
        waitUntil("QEMU is about to start",
                  [&] { return std::filesystem::exists(stage().scratch / "port"); });
        std::optional<PortTaker> taker(
            static_cast<std::uint16_t>(std::stoul(readFile(stage().scratch / "port"))));
        writeFile(stage().scratch / "taken", "");
        const auto vm = created.get();
        CPPUNIT_ASSERT_EQUAL(stage().ports.low() + 1u, vm.agent_port());
        bool retried = false;
        for (const auto& event : client().events(vm.id()))
            retried =
                retried || (event.kind() == "port-retry" &&
                            event.message().find(std::to_string(stage().ports.low())) != std::string::npos);
        CPPUNIT_ASSERT(retried);
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        CPPUNIT_ASSERT(isHealthy(vm.agent_address()));
        client().removeVm(vm.id());
        taker.reset();
        assertClean();
    }

    void givesUpWhenEveryPortIsTakenMeanwhile()
    {
        // QEMU itself refuses a port it has already bound: what it then says is its own.
        const auto wrapper =
            qemuWrapper(stage(), "set -- \"$@\" -netdev \"user,id=again,hostfwd=tcp:127.0.0.1:$port-:1\"");
        startDaemon({{"qemu.bin_path", wrapper}, {"qemu.host_fwd_range", stage().ports.text(2)}});
        requireStatus(create(), StatusCode::RESOURCE_EXHAUSTED, "");
        waitUntilClean();
        CPPUNIT_ASSERT_EQUAL(v1::VM_STATE_FAILED, client().listVms(true).front().state());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LaunchFailureTest);

} // namespace
} // namespace teehost::test
