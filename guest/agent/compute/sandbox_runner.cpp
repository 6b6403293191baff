// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/sandbox_runner.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/agent/compute/memory_share.h"
#include "guest/agent/compute/sandbox.h"
#include "guest/agent/filesystems.h"
#include "guest/agent/printable.h"
#include "guest/agent/system_call.h"
#include "host/base/unique_fd.h"

namespace teehost::guest {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kControlGroups = "/sys/fs/cgroup";
constexpr std::int64_t kLookForGivenUpMs = 200;
constexpr const char* kMaxProcesses = "256"; // threads count too
constexpr int kCannotBegin = 127, kSignalled = 128;

std::string inGroup(const char* file) { return std::string(kSandboxGroup) + "/" + file; }

/// Writes a file of the kernel's; false, with the reason in errno, when it cannot be written.
bool put(const std::string& path, const std::string& value)
{
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file && ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

/// The control group of one sandbox, whose processes are dead when it is destroyed.
class ControlGroup {
public:
    ControlGroup(std::uint64_t memory, const Console& console)
    {
        // One after the other: the kernel takes all or nothing of one write, and may have one of the two
        // only.
        for (const auto* controller : {"+memory", "+pids"})
            put(std::string(kControlGroups) + "/cgroup.subtree_control", controller);
        ::mkdir(kSandboxGroup, 0755);
        if (!put(inGroup("memory.max"), std::to_string(memory)))
            tellMissing(console, "memory");
        put(inGroup("memory.oom.group"), "1");
        if (!put(inGroup("pids.max"), kMaxProcesses))
            tellMissing(console, "processes");
        before_ = killings();
    }
    ControlGroup(const ControlGroup&) = delete;
    ControlGroup& operator=(const ControlGroup&) = delete;
    ~ControlGroup()
    {
        // The last process may be on its way out of it still.
        for (int i = 0; i < kTries && ::rmdir(kSandboxGroup) < 0 && errno == EBUSY; ++i)
            std::this_thread::sleep_for(kPause);
    }

    [[nodiscard]] bool ranOutOfMemory() const { return killings() != before_; }

private:
    static constexpr int kTries = 100;
    static constexpr milliseconds kPause{10};

    static void tellMissing(const Console& console, const std::string& resource)
    {
        console.line("the " + resource + " of the algorithm's processes together cannot be limited (" +
                         std::strerror(errno) + "): only the limits of each process hold",
                     LogLevel::Warning);
    }

    /// The line of memory.events that counts them; empty on a kernel without.
    static std::string killings()
    {
        try {
            const auto events = readKernelFile(inGroup("memory.events"), 4096);
            const auto at = events.find("oom_kill ");
            return at == std::string::npos ? "" : events.substr(at, events.find('\n', at) - at);
        } catch (const std::exception&) {
            return {};
        }
    }

    std::string before_;
};

} // namespace

/// Shows what a sandbox prints as lines of the console; past the bound it is read and dropped.
class SandboxRunner::Output {
public:
    explicit Output(const Console& console) : console_(console) {}

    void take(std::string_view bytes)
    {
        for (const char c : bytes) {
            if (c == '\n')
                endLine();
            else if (line_.size() < SandboxRunner::kMaxLineBytes)
                line_ += c;
        }
    }
    std::string finish()
    {
        if (!line_.empty())
            endLine();
        return last_;
    }

private:
    void endLine()
    {
        if (lines_ < SandboxRunner::kMaxOutputLines)
            console_.line("algorithm: " + printable(line_, SandboxRunner::kMaxLineBytes));
        else if (lines_ == SandboxRunner::kMaxOutputLines)
            console_.line("algorithm: (it prints more, which is not shown)", LogLevel::Warning);
        ++lines_;
        last_ = printable(line_, SandboxRunner::kMaxLineBytes);
        line_.clear();
    }

    const Console& console_;
    std::string line_, last_;
    std::size_t lines_ = 0;
};

namespace {

/// Runs between fork and exec of a process with threads, and so makes system calls and nothing else.
[[noreturn]] void becomeSandbox(char* const* arguments, int input, int output)
{
    static char* const kNoEnvironment[] = {nullptr};
    if (::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
        ::dup2(output, STDERR_FILENO) >= 0 && ::syscall(SYS_close_range, 3, ~0u, 0) == 0)
        ::execve("/proc/self/exe", arguments, kNoEnvironment);
    ::_exit(kCannotBegin);
}

pid_t spawn(std::vector<std::string>& arguments, int input, int output)
{
    std::vector<char*> argv;
    for (auto& argument : arguments)
        argv.push_back(argument.data());
    argv.push_back(nullptr);
    const pid_t child = check(::_Fork(), "cannot start a sandbox"); // gRPC's handlers of fork are for others
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        becomeSandbox(argv.data(), input, output);
    }
    return child;
}

} // namespace

SandboxRunner::SandboxRunner(std::filesystem::path work, std::chrono::seconds limit, const Console& console)
    : work_(std::move(work)), limit_(limit), console_(console)
{
}

SandboxRunner::End SandboxRunner::execute(std::vector<std::string> arguments, int input,
                                          const std::function<bool()>& givenUp)
{
    const ControlGroup group(bytesOfShare(kShareOfMemory), console_);
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "cannot make a pipe");
    const UniqueFd readable(ends[0]);
    UniqueFd writable(ends[1]);
    {
        const std::lock_guard lock(mutex_);
        process_ = spawn(arguments, input, writable.get());
    }
    writable.reset();
    Output output(console_);
    End end = readToTheEnd(readable.get(), output, givenUp);
    reap(end);
    end.out_of_memory = group.ranOutOfMemory();
    end.last_line = output.finish();
    return end;
}

/// The end of the pipe is that of the sandbox: its first two processes have it and never close it.
SandboxRunner::End SandboxRunner::readToTheEnd(int pipe, Output& output, const std::function<bool()>& givenUp)
{
    End end;
    const auto deadline = steady_clock::now() + limit_;
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
        pollfd watched{pipe, POLLIN, 0};
        const bool killed = end.timed_out || end.given_up;
        const auto wait = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kLookForGivenUpMs));
        const int ready = ::poll(&watched, 1, killed ? -1 : wait);
        if (!killed) {
            end.timed_out = left.count() <= 0;
            end.given_up = givenUp();
            if (end.timed_out || end.given_up)
                stop();
        }
        if (ready <= 0)
            continue;
        char buffer[4096];
        const auto got = ::read(pipe, buffer, sizeof buffer);
        if (got == 0 || (got < 0 && errno != EINTR))
            return end;
        output.take({buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
    }
}

void SandboxRunner::reap(End& end)
{
    siginfo_t info{}; // left to be reaped under the lock, so that stop() signals no stranger
    while (::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
    }
    const std::lock_guard lock(mutex_);
    ::waitpid(std::exchange(process_, -1), &end.status, 0);
}

void SandboxRunner::stop()
{
    const std::lock_guard lock(mutex_);
    if (process_ <= 0)
        return;
    ::kill(process_, SIGKILL);        // all processes of its namespace die with it
    put(inGroup("cgroup.kill"), "1"); // and all of the control group, should a namespace not be there yet
}

std::string SandboxRunner::describe(const End& end) const
{
    if (end.given_up)
        return "it was given up";
    if (end.timed_out)
        return "it ran for more than " + std::to_string(limit_.count()) + " s and was killed";
    if (end.out_of_memory)
        return "it used more than " + wordsOfShare(kShareOfMemory) + " and was killed";
    const bool signalled = WIFSIGNALED(end.status);
    const int status = signalled ? kSignalled + WTERMSIG(end.status) : WEXITSTATUS(end.status);
    if (status == 0)
        return {};
    std::string words = "exit status " + std::to_string(status);
    if (const char* name = status > kSignalled ? ::sigabbrev_np(status - kSignalled) : nullptr)
        words = std::string("killed by SIG") + name;
    return end.last_line.empty() ? words : words + "; its last line: " + end.last_line;
}

std::vector<std::string> SandboxRunner::order(const char* kind) const
{
    return {"sandbox",
            kSandboxArgument,
            kind,
            work_,
            std::to_string(bytesOfShare(kShareOfMemory)),
            std::to_string(limit_.count())};
}

std::string SandboxRunner::run(const Task& task)
{
    auto arguments = order(kSandboxRun);
    if (task.kind == Task::Kind::Python)
        arguments.insert(arguments.end(), {"/usr/bin/" + task.interpreter, "algo"});
    else
        arguments.emplace_back("./algo");
    arguments.insert(arguments.end(), task.arguments.begin(), task.arguments.end());
    const UniqueFd nothing(check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "cannot open /dev/null"));
    return describe(execute(std::move(arguments), nothing.get(), [] { return false; }));
}

std::string SandboxRunner::unpack(int zip, const std::function<bool()>& givenUp)
{
    return describe(execute(order(kSandboxUnpack), zip, givenUp));
}

} // namespace teehost::guest
