// SPDX-License-Identifier: Apache-2.0
#include "host/vm/process.h"
#include "host/vm/process_identity.h"

#include <csignal>
#include <thread>

#include <cppunit/extensions/HelperMacros.h>
#include <fcntl.h>
#include <fstream>
#include <sys/wait.h>

#include "host/base/error.h"
#include "host/base/pidfd.h"
#include "host/launch/spawn.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

/// Through the real teehost-launch.
class ProcessTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ProcessTest);
    CPPUNIT_TEST(nothingRunsBeforeGo);
    CPPUNIT_TEST(aChildThatIsNeverToldEnds);
    CPPUNIT_TEST(theChildsSurroundingsAreClean);
    CPPUNIT_TEST(onlyThePlanAllowsToGainPrivileges);
    CPPUNIT_TEST(endsAreSeenAndReaped);
    CPPUNIT_TEST(signalsAreNamed);
    CPPUNIT_TEST(identitySurvivesTheExec);
    CPPUNIT_TEST(aMissingProgramIsSaid);
    CPPUNIT_TEST(whatAStepLeavesBehindIsReaped);
    CPPUNIT_TEST(aStepEndsAsItsProgramDoes);
    CPPUNIT_TEST(aStepsProgramEndsWithIt);
    CPPUNIT_TEST_SUITE_END();

    launch::ScratchDir dir_;

    launch::SpawnPlan plan(const std::string& script) const
    {
        launch::SpawnPlan plan;
        plan.argv = {"/bin/sh", "-c", script};
        plan.environment = {"PATH=/usr/bin:/bin", "GIVEN=yes"};
        plan.log = dir_.path() / "log";
        return plan;
    }

    ExitStatus finish(launch::HeldChild& child, int signal = 0)
    {
        asio::io_context io;
        const auto changed = std::make_shared<Signal>(io);
        const auto process = Process::adopt(io, child.pid(), child.takePidfd(), changed, false);
        if (signal != 0)
            process->signal(signal);
        io.run();
        CPPUNIT_ASSERT(process->ended());
        CPPUNIT_ASSERT_EQUAL_MESSAGE("a zombie is left", -1, ::waitpid(child.pid(), nullptr, WNOHANG));
        return *process->exit();
    }

    static std::string contentOf(const std::filesystem::path& path)
    {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::string output() const { return contentOf(dir_.path() / "log"); }

    void nothingRunsBeforeGo()
    {
        auto child = launch::spawnHeld(plan("echo ran"));
        CPPUNIT_ASSERT(identityOf(child.pid()).startTicks != 0);
        CPPUNIT_ASSERT_EQUAL(std::string(), output());
        child.go();
        CPPUNIT_ASSERT_EQUAL(0, finish(child).value);
        CPPUNIT_ASSERT_EQUAL(std::string("ran\n"), output());
    }

    void aChildThatIsNeverToldEnds()
    {
        pid_t pid = 0;
        UniqueFd pidfd;
        {
            auto child = launch::spawnHeld(plan("echo ran"));
            pid = child.pid();
            pidfd = child.takePidfd();
        }
        int status = 0;
        CPPUNIT_ASSERT_EQUAL(pid, ::waitpid(pid, &status, 0));
        CPPUNIT_ASSERT(WIFEXITED(status));
        CPPUNIT_ASSERT_EQUAL(125, WEXITSTATUS(status));
        CPPUNIT_ASSERT_EQUAL(std::string(), output());
    }

    void theChildsSurroundingsAreClean()
    {
        const UniqueFd leak(::open("/dev/null", O_RDONLY)); // deliberately not O_CLOEXEC
        ::signal(SIGPIPE, SIG_IGN);                         // as the daemon does
        auto child =
            launch::spawnHeld(plan("env | sort; pwd; umask; ulimit -c; ls /proc/self/fd | wc -l; "
                                   "grep -E 'NoNewPrivs|SigBlk' /proc/self/status; "
                                   // The signals up to 28: the C library keeps 32 and 33 for itself.
                                   "sed -n 's/^SigIgn:.*\\(.......\\)$/ignored \\1/p' /proc/self/status"));
        child.go();
        CPPUNIT_ASSERT_EQUAL(0, finish(child).value);
        // dash sets PWD; ls itself opens the fourth descriptor.
        CPPUNIT_ASSERT_EQUAL(std::string("GIVEN=yes\nPATH=/usr/bin:/bin\nPWD=/\n/\n0177\n0\n4\n"
                                         "SigBlk:\t0000000000000000\nNoNewPrivs:\t1\nignored 0000000\n"),
                             output());
    }

    void onlyThePlanAllowsToGainPrivileges()
    {
        const auto program = dir_.path() / "sudo"; // the name alone gives nothing
        std::filesystem::create_symlink("/bin/sh", program);
        for (const bool allowed : {false, true}) {
            auto wanted = plan("grep NoNewPrivs /proc/self/status");
            wanted.argv[0] = program;
            wanted.log = dir_.path() / (allowed ? "allowed" : "denied");
            wanted.mayGainPrivileges = allowed;
            auto child = launch::spawnHeld(wanted);
            child.go();
            CPPUNIT_ASSERT_EQUAL(0, finish(child).value);
            CPPUNIT_ASSERT_EQUAL(std::string("NoNewPrivs:\t") + (allowed ? "0" : "1") + "\n",
                                 contentOf(wanted.log));
        }
    }

    void endsAreSeenAndReaped()
    {
        auto child = launch::spawnHeld(plan("exit 7"));
        child.go();
        const auto status = finish(child);
        CPPUNIT_ASSERT_EQUAL(std::string("exit status 7"), status.text());
        CPPUNIT_ASSERT_EQUAL(7, WEXITSTATUS(status.waitStatus()));
    }

    void signalsAreNamed()
    {
        auto child = launch::spawnHeld(plan("exec sleep 1000"));
        child.go();
        const auto status = finish(child, SIGKILL);
        CPPUNIT_ASSERT_EQUAL(std::string("killed by signal 9 (Killed)"), status.text());
        CPPUNIT_ASSERT(WIFSIGNALED(status.waitStatus()));
    }

    void identitySurvivesTheExec()
    {
        auto child = launch::spawnHeld(plan("exec sleep 1000"));
        const auto before = identityOf(child.pid()).startTicks;
        child.go();
        const auto command = [&] {
            std::ifstream file("/proc/" + std::to_string(child.pid()) + "/cmdline");
            return std::string(std::istreambuf_iterator<char>(file), {});
        };
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (!command().starts_with("sleep") && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        CPPUNIT_ASSERT(command().starts_with("sleep"));
        CPPUNIT_ASSERT_EQUAL(before, identityOf(child.pid()).startTicks);
        finish(child, SIGTERM);
    }

    void aMissingProgramIsSaid()
    {
        auto wanted = plan("");
        wanted.argv = {"/no/such/program"};
        auto child = launch::spawnHeld(wanted);
        child.go();
        CPPUNIT_ASSERT_EQUAL(126, finish(child).value);
        CPPUNIT_ASSERT(output().find("cannot execute \"/no/such/program\"") != std::string::npos);
        CPPUNIT_ASSERT_THROW((void)launch::findProgram("no-such-program", "qemu.bin_path"), Error);
        CPPUNIT_ASSERT_THROW((void)launch::findProgram("/etc/passwd", "qemu.bin_path"), Error);
    }

    launch::SpawnPlan step(const std::string& script) const
    {
        auto out = plan(script);
        out.reap = true;
        return out;
    }

    /// An orphan of the step is gone as soon as it ends, however slowly the first process of the host reaps.
    void whatAStepLeavesBehindIsReaped()
    {
        auto wanted = step("(sleep 1000 & echo $! >pid) && "
                           "[ $(cut -d' ' -f4 /proc/$(cat pid)/stat) = $PPID ] && kill -KILL $(cat pid) && "
                           "for try in $(seq 100); do kill -0 $(cat pid) || exit 3; sleep 0.02; done");
        wanted.argv[2].insert(0, "cd " + dir_.path().string() + " && ");
        wanted.nice = 19;
        auto child = launch::spawnHeld(wanted);
        child.go();
        CPPUNIT_ASSERT_EQUAL(3, finish(child).value);
    }

    void aStepEndsAsItsProgramDoes()
    {
        auto failing = launch::spawnHeld(step("exit 7"));
        failing.go();
        CPPUNIT_ASSERT_EQUAL(7, finish(failing).value);
        auto killed = launch::spawnHeld(step("kill -SEGV $$"));
        killed.go();
        CPPUNIT_ASSERT(finish(killed).signalled);
        auto wanted = step("");
        wanted.argv = {"/no/such/program"};
        auto missing = launch::spawnHeld(wanted);
        missing.go();
        CPPUNIT_ASSERT_EQUAL(126, finish(missing).value);
    }

    void aStepsProgramEndsWithIt()
    {
        const auto file = dir_.path() / "program";
        auto child = launch::spawnHeld(step("echo $$ >" + file.string() + "; exec sleep 1000"));
        child.go();
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (contentOf(file).find('\n') == std::string::npos && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        const auto program = static_cast<pid_t>(std::stol(contentOf(file)));
        CPPUNIT_ASSERT(program != child.pid());
        const UniqueFd held = openPidfd(program);
        CPPUNIT_ASSERT(held);
        CPPUNIT_ASSERT_EQUAL(SIGTERM + 0, finish(child, SIGTERM).value);
        while (!hasEnded(held.get()) && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        CPPUNIT_ASSERT(hasEnded(held.get()));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProcessTest);

} // namespace
} // namespace teehost::vm
