// SPDX-License-Identifier: Apache-2.0
#include "host/base/helper_process.h"

#include <array>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/helper_spawn.h"
#include "host/base/unique_fd.h"

namespace teehost {
namespace {

constexpr std::size_t kMaxOutputBytes = 64 * 1024;

/// Collects output until end of file; false at the deadline.
bool collect(int fd, std::chrono::steady_clock::time_point deadline, std::string& output)
{
    std::array<char, 4096> buffer{};
    while (true) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd poller{fd, POLLIN, 0};
        if (left.count() <= 0)
            return false;
        if (::poll(&poller, 1, static_cast<int>(left.count())) <= 0)
            continue; // interrupted, or the deadline
        const auto got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return true;
        const auto room = kMaxOutputBytes - output.size();
        output.append(buffer.data(), std::min<std::size_t>(static_cast<std::size_t>(got), room));
    }
}

/// Reaps it; false when it goes on at the deadline, though it has closed its output.
bool endsBy(std::chrono::steady_clock::time_point deadline, pid_t pid, int& status)
{
    constexpr auto kPause = std::chrono::milliseconds(2);
    while (true) {
        const pid_t ended = ::waitpid(pid, &status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return true;
        if (std::chrono::steady_clock::now() >= deadline)
            return false;
        std::this_thread::sleep_for(kPause);
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
    const pid_t pid = spawnHelper(argv, {-1, input.get(), input.get()});
    input.reset();
    HelperResult result;
    int status = 0;
    result.timedOut = !collect(output.get(), deadline, result.output) || !endsBy(deadline, pid, status);
    if (result.timedOut)
        status = killAndReap(pid);
    result.signalled = WIFSIGNALED(status);
    result.status = result.signalled ? WTERMSIG(status) : WEXITSTATUS(status);
    return result;
}

} // namespace teehost
