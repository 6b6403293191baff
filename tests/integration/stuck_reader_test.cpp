// SPDX-License-Identifier: Apache-2.0
//
// Readers that stand still or go away: of the daemon's log, and of what the client prints.
#include <array>
#include <csignal>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "support/cli.h"
#include "support/host_test.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;

class StuckReaderTest final : public HostTest {
    CPPUNIT_TEST_SUITE(StuckReaderTest);
    CPPUNIT_TEST(theDaemonDoesNotWaitForTheReaderOfItsLog);
    CPPUNIT_TEST(descriptorsZeroToTwoAreWhatTheyShouldBe);
    CPPUNIT_TEST(aReaderThatGoesAwayIsNoError);
    CPPUNIT_TEST(followingEndsWithItsReader);
    CPPUNIT_TEST(aFullDiskIsAnError);
    CPPUNIT_TEST_SUITE_END();

    /// A shell script with $teehost, $url and $dir.
    Finished shell(const std::string& script)
    {
        return runCommand({.argv = {"bash", "-c",
                                    "teehost() { " + cliCommand(daemon(), {}).argv.front() + " --url " +
                                        daemon().grpcAddress() + " \"$@\"; }\n" + script}},
                          stage().scratch.path());
    }

    /// A daemon whose descriptors a shell has arranged.
    static Command throughShell(const Settings& settings, const std::string& redirections)
    {
        std::string line = "exec";
        for (const auto& word : daemonCommand({.settings = settings}).argv)
            line += " '" + word + "'";
        return {.argv = {"bash", "-c", line + " " + redirections}};
    }

    void theDaemonDoesNotWaitForTheReaderOfItsLog()
    {
        startDaemon();
        Stage other;
        const auto pipe = other.scratch / "log";
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo(pipe.c_str(), 0600));
        const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        const int filler = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        const std::string page(4096, 'x');
        while (::write(filler, page.data(), page.size()) > 0) {
        }
        const auto port = other.ports.low();
        const auto range = std::to_string(port + 1) + "-" + std::to_string(port + 3);
        const auto settings = with(quickSettings(other), {{"qemu.bin_path", standInQemu(other)},
                                                          {"qemu.host_fwd_range", range},
                                                          {"grpc.port", std::to_string(port)}});
        Child stuck(throughShell(settings, "2>'" + pipe.string() + "'"));
        std::unique_ptr<Client> there;
        waitUntil("it serves", [&] {
            there = std::make_unique<Client>("localhost:" + std::to_string(port));
            return there->call(&Host::ListVms, v1::ListVmsRequest()).status.ok();
        });
        const auto vm = there->createVm();
        there->removeVm(vm.id());
        there.reset();
        stuck.signal(SIGTERM);
        CPPUNIT_ASSERT_EQUAL(0, stuck.wait());
        ::close(filler);
        ::close(reader);
    }

    void descriptorsZeroToTwoAreWhatTheyShouldBe()
    {
        startDaemon();
        Stage other;
        const auto settings = with(quickSettings(other), {{"qemu.bin_path", standInQemu(other)}});
        Child closed(throughShell(settings, "0<&- 1>&- 2>&-"));
        const auto fds = fs::path("/proc") / std::to_string(closed.pid()) / "fd";
        waitUntil("its store is open", [&] {
            std::error_code error;
            for (const auto& entry : fs::directory_iterator(fds, error))
                if (fs::read_symlink(entry.path(), error).filename() == "teehost.db")
                    return true;
            return false;
        });
        for (const auto* fd : {"0", "1", "2"})
            CPPUNIT_ASSERT_EQUAL(std::string("/dev/null"), fs::read_symlink(fds / fd).string());
        closed.signal(SIGTERM);
        CPPUNIT_ASSERT_EQUAL(0, closed.wait());
    }

    void aReaderThatGoesAwayIsNoError()
    {
        startDaemon();
        const auto done = shell(R"sh(
            set -o pipefail
            for i in $(seq 10); do
                teehost config | head -n 1 >/dev/null || exit 1
                teehost backends --checks | head -n 1 >/dev/null || exit 2
                teehost events | true || exit 3
                teehost --help | head -n 1 >/dev/null || exit 4
            done)sh");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(done.errors, 0, done.status);
        CPPUNIT_ASSERT_EQUAL(std::string(), done.errors);
    }

    /// The reader's end is noticed although there is nothing to write.
    void followingEndsWithItsReader()
    {
        startDaemon({{"qemu.bin_path", standInQemu(stage())}});
        const auto vm = client().createVm();
        const auto done =
            shell("set -o pipefail; teehost events --follow | head -n 1; echo \"$?\"; teehost console " +
                  vm.id() + " --follow | true; echo \"$?\"");
        CPPUNIT_ASSERT(done.output.ends_with("0\n0\n"));
        client().removeVm(vm.id());
    }

    void aFullDiskIsAnError()
    {
        startDaemon();
        const auto done = shell("teehost config > /dev/full");
        CPPUNIT_ASSERT_EQUAL(1, done.status);
        requireContains(done.errors, "cannot write to standard output");
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StuckReaderTest);

} // namespace
} // namespace teehost::test
