// SPDX-License-Identifier: Apache-2.0
#include "host/base/log_writer.h"

#include <algorithm>
#include <climits>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>

#include "host/base/log.h"

namespace teehost {
namespace {

using namespace std::chrono_literals;

constexpr auto kLastPatience = 1s;

/// False when there is nobody to write to.
bool writeWaiting(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto done = ::write(fd, bytes.data(), bytes.size());
        if (done >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(done));
            continue;
        }
        if (errno == EAGAIN) { // whoever started this program made the descriptor so
            pollfd ready{fd, POLLOUT, 0};
            ::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

} // namespace

struct LogWriter::State {
    explicit State(int where, Limits most) : fd(where), limits(most) {}

    void run()
    {
        sigset_t brokenPipe; // is an error code here, whatever the program does with the signal
        sigemptyset(&brokenPipe);
        sigaddset(&brokenPipe, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &brokenPipe, nullptr);
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [this] { return !lines.empty() || dropped > told || stopping; });
            if (lines.empty() && dropped == told)
                return;
            std::deque<std::string> batch = std::exchange(lines, {});
            // Its bytes count until they are written: the limit is on all that waits.
            const std::uint64_t lost = dropped - told;
            told = dropped;
            lock.unlock();
            for (const auto& line : batch)
                static_cast<void>(writeWaiting(fd, line));
            if (lost > 0)
                static_cast<void>(writeWaiting(fd, logLine(LogLevel::Warning, "log lines were dropped",
                                                           {{"lines", std::to_string(lost)},
                                                            {"why", "the reader of the log stood still"}})));
            lock.lock();
            waiting -= batch.size();
            for (const auto& line : batch)
                bytes -= line.size();
            if (waiting == 0)
                drained.notify_all();
        }
    }

    const int fd;
    const Limits limits;
    mutable std::mutex mutex; // guards all below
    std::condition_variable changed, drained;
    std::deque<std::string> lines;
    std::size_t waiting = 0; ///< lines that are queued or being written
    std::size_t bytes = 0;   ///< of these
    std::uint64_t dropped = 0, told = 0;
    bool stopping = false;
};

LogWriter::LogWriter(int fd, Limits limits) : state_(std::make_shared<State>(fd, limits))
{
    std::thread([state = state_] { state->run(); }).detach(); // it may wait for a reader for ever
}

LogWriter::~LogWriter()
{
    flush(kLastPatience);
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->changed.notify_all();
}

void LogWriter::push(std::string line)
{
    const std::lock_guard lock(state_->mutex);
    if (state_->waiting >= state_->limits.lines || state_->bytes + line.size() > state_->limits.bytes) {
        ++state_->dropped;
        return;
    }
    ++state_->waiting;
    state_->bytes += line.size();
    state_->lines.push_back(std::move(line));
    state_->changed.notify_one();
}

bool LogWriter::flush(std::chrono::milliseconds limit)
{
    std::unique_lock lock(state_->mutex);
    return state_->drained.wait_for(lock, limit, [this] { return state_->waiting == 0; });
}

std::uint64_t LogWriter::dropped() const
{
    const std::lock_guard lock(state_->mutex);
    return state_->dropped;
}

void writeLastWords(const std::string& text)
{
    constexpr auto kPatience = static_cast<int>(std::chrono::milliseconds(kLastPatience).count());
    std::string_view left = text;
    while (!left.empty()) {
        // A pipe that is ready takes PIPE_BUF bytes without waiting (pipe(7)).
        pollfd ready{STDERR_FILENO, POLLOUT, 0};
        if (::poll(&ready, 1, kPatience) <= 0)
            return;
        const auto done = ::write(STDERR_FILENO, left.data(), std::min<std::size_t>(left.size(), PIPE_BUF));
        if (done <= 0)
            return;
        left.remove_prefix(static_cast<std::size_t>(done));
    }
}

} // namespace teehost
