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
    CPPUNIT_TEST(aStepIsToldToEndBeforeItIsKilled);
    CPPUNIT_TEST(aStepLeavesNoProcessBehind);
    CPPUNIT_TEST(aStepEndsWithItsLeash);
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

    /// Waits for a line in the file and takes it for a pid.
    UniqueFd processIn(const std::filesystem::path& file)
    {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (contentOf(file).find('\n') == std::string::npos && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        UniqueFd held = openPidfd(static_cast<pid_t>(std::stol(contentOf(file))));
        CPPUNIT_ASSERT(held);
        return held;
    }

    static bool endsSoon(const UniqueFd& process)
    {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (!hasEnded(process.get()) && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        return hasEnded(process.get());
    }

    void aStepsProgramEndsWithIt()
    {
        const auto file = dir_.path() / "program";
        auto child = launch::spawnHeld(step("echo $$ >" + file.string() + "; exec sleep 1000"));
        child.go();
        const UniqueFd program = processIn(file);
        CPPUNIT_ASSERT(!hasEnded(program.get()));
        CPPUNIT_ASSERT_EQUAL(SIGKILL + 0, finish(child, SIGKILL).value);
        CPPUNIT_ASSERT(endsSoon(program));
    }

    void aStepIsToldToEndBeforeItIsKilled()
    {
        const auto file = dir_.path() / "program";
        auto child = launch::spawnHeld(step("trap 'echo cleaned up; exit 9' TERM; echo $$ >" + file.string() +
                                            "; while :; do sleep 0.02; done"));
        child.go();
        static_cast<void>(processIn(file));
        const auto status = finish(child, SIGTERM);
        CPPUNIT_ASSERT(!status.signalled);
        CPPUNIT_ASSERT_EQUAL(9, status.value);
        CPPUNIT_ASSERT(output().find("cleaned up") != std::string::npos);
    }

    /// Starts a process with a session of its own, whose parent has ended, and that ignores signals.
    static constexpr const char* kDaemon = "(setsid sh -c 'trap \"\" TERM HUP; echo $$ >$FILE; "
                                           "while :; do sleep 1; done' &) ; "
                                           "while [ ! -s $FILE ]; do sleep 0.02; done; ";

    launch::SpawnPlan stepWithDaemon(const std::filesystem::path& file, const std::string& script) const
    {
        auto out = step(kDaemon + script);
        out.environment.push_back("FILE=" + file.string());
        return out;
    }

    void aStepLeavesNoProcessBehind()
    {
        const auto file = dir_.path() / "daemon";
        auto child = launch::spawnHeld(stepWithDaemon(file, "while [ ! -e " + (dir_.path() / "end").string() +
                                                                " ]; do sleep 0.02; done; exit 3"));
        child.go();
        const UniqueFd daemon = processIn(file);
        CPPUNIT_ASSERT(!hasEnded(daemon.get()));
        std::ofstream(dir_.path() / "end") << "";
        CPPUNIT_ASSERT_EQUAL(3, finish(child).value);
        CPPUNIT_ASSERT(hasEnded(daemon.get()));
    }

    void aStepEndsWithItsLeash()
    {
        const auto file = dir_.path() / "daemon";
        auto child = launch::spawnHeld(stepWithDaemon(file, "trap '' TERM; while :; do sleep 1; done"));
        child.go();
        const UniqueFd daemon = processIn(file);
        asio::io_context io;
        const auto process =
            Process::adopt(io, child.pid(), child.takePidfd(), std::make_shared<Signal>(io), false);
        process->keep(child.takeLeash());
        CPPUNIT_ASSERT(!hasEnded(daemon.get()));
        CPPUNIT_ASSERT(process->dropLeash());
        io.run();
        CPPUNIT_ASSERT(process->ended());
        CPPUNIT_ASSERT(hasEnded(daemon.get()));
        CPPUNIT_ASSERT(!process->dropLeash());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProcessTest);

} // namespace
} // namespace teehost::vm
