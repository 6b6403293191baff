// SPDX-License-Identifier: Apache-2.0
#include "support/child.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/files.h"
#include "support/sanitizer.h"

namespace teehost::test {
namespace {

std::vector<char*> pointers(std::vector<std::string>& strings)
{
    std::vector<char*> out;
    for (auto& text : strings)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

std::vector<std::string> environmentOf(const Command& command)
{
    const char* path = std::getenv("PATH");
    std::map<std::string, std::string> all{
        {"PATH", path == nullptr ? "/usr/bin:/bin" : path}, {"HOME", "/"}, {"LC_ALL", "C"}};
    for (const auto& [name, value] : command.environment)
        all[name] = value;
    std::vector<std::string> out;
    for (const auto& [name, value] : all)
        out.push_back(name + "=" + value);
    return out;
}

class SpawnSetup {
public:
    explicit SpawnSetup(const Command& command)
    {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
        // A test may block signals for a thread of its own; its children must hear them.
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
        sigset_t none;
        sigemptyset(&none);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        // Of a FIFO both ends: opening one would wait for the other.
        open(STDIN_FILENO, command.input.empty() ? "/dev/null" : command.input.c_str(),
             command.input.empty() ? O_RDONLY : O_RDWR);
        open(STDOUT_FILENO, command.output.empty() ? "/dev/null" : command.output.c_str(), kAppend);
        open(STDERR_FILENO, command.errors.empty() ? "/dev/null" : command.errors.c_str(), kAppend);
        if (!command.directory.empty())
            ::posix_spawn_file_actions_addchdir_np(&actions_, command.directory.c_str());
    }
    SpawnSetup(const SpawnSetup&) = delete;
    SpawnSetup& operator=(const SpawnSetup&) = delete;
    ~SpawnSetup()
    {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    pid_t run(std::vector<std::string> argv, std::vector<std::string> environment)
    {
        pid_t pid = -1;
        if (const int error = ::posix_spawnp(&pid, argv.at(0).c_str(), &actions_, &attributes_,
                                             pointers(argv).data(), pointers(environment).data()))
            throw std::system_error(error, std::generic_category(), "cannot start " + argv[0]);
        return pid;
    }

private:
    static constexpr int kAppend = O_WRONLY | O_CREAT | O_APPEND;

    void open(int fd, const char* path, int flags)
    {
        ::posix_spawn_file_actions_addopen(&actions_, fd, path, flags, 0644);
    }

    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

} // namespace

Child::Child(const Command& command)
    : errors_(command.errors), pid_(SpawnSetup(command).run(command.argv, environmentOf(command)))
{
}

Child::~Child()
{
    if (poll())
        return;
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void Child::signal(int number) noexcept
{
    if (!status_) // not reaped yet, so the pid is still this child's
        ::kill(pid_, number);
}

std::optional<int> Child::poll()
{
    int status = 0;
    if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
        status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return status_;
}

int Child::wait(std::chrono::nanoseconds limit)
{
    waitUntil(
        "process " + std::to_string(pid_) + " ends", [this] { return poll().has_value(); }, limit);
    if (const auto report = sanitizerReport(readFile(errors_)); !report.empty())
        throw std::runtime_error("a sanitizer reports: " + report);
    return *status_;
}

Finished runCommand(Command command, const std::filesystem::path& files)
{
    static std::atomic<int> number{0};
    const auto stem = files / ("command-" + std::to_string(number++));
    command.output = stem.string() + ".out";
    command.errors = stem.string() + ".err";
    Child child(command);
    Finished finished;
    finished.status = child.wait();
    finished.output = readFile(command.output);
    finished.errors = readFile(command.errors);
    return finished;
}

std::string runOrThrow(const std::vector<std::string>& argv, const std::filesystem::path& files)
{
    const auto finished = runCommand({.argv = argv}, files);
    if (finished.status != 0)
        throw std::runtime_error(argv.at(0) + " ended with status " + std::to_string(finished.status) + ": " +
                                 finished.errors + finished.output);
    return finished.output;
}

} // namespace teehost::test
