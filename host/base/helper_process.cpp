// SPDX-License-Identifier: Apache-2.0
#include "host/base/helper_process.h"

#include <array>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/unique_fd.h"

namespace teehost {
namespace {

constexpr std::size_t kMaxOutputBytes = 64 * 1024;

pid_t start(const std::vector<std::string>& argv, int output)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigset_t all;
    sigfillset(&all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    std::vector<std::string> words = argv;
    std::vector<char*> pointers;
    for (auto& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, pointers[0], &actions, &attributes, pointers.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        throw systemError(Category::FailedPrecondition, "cannot start \"" + argv[0] + "\"", error,
                          "install it");
    return pid;
}

/// Collects output until end of file; false at the deadline.
bool collect(int fd, std::chrono::steady_clock::time_point deadline, std::string& output)
{
    std::array<char, 4096> buffer{};
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd poller{fd, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&poller, 1, static_cast<int>(left.count())) == 0)
            return false;
        const auto got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return true;
        const auto room = kMaxOutputBytes - output.size();
        output.append(buffer.data(), std::min<std::size_t>(static_cast<std::size_t>(got), room));
    }
}

} // namespace

HelperResult runHelper(const std::vector<std::string>& argv, std::chrono::milliseconds limit)
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
        throw systemError(Category::ResourceExhausted, "cannot make a pipe", errno);
    const UniqueFd output(pipe[0]);
    UniqueFd input(pipe[1]);
    const pid_t pid = start(argv, input.get());
    input.reset();
    HelperResult result;
    result.timedOut = !collect(output.get(), deadline, result.output);
    if (result.timedOut)
        ::kill(pid, SIGKILL); // not yet reaped, so the pid is still ours
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    result.signalled = WIFSIGNALED(status);
    result.status = result.signalled ? WTERMSIG(status) : WEXITSTATUS(status);
    return result;
}

} // namespace teehost
