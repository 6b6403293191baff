// SPDX-License-Identifier: Apache-2.0
#include "cli/output/reader_watch.h"

#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace teehost::cli {

namespace {

constexpr short kGone = POLLERR | POLLHUP; // of a pipe, and of a socket; both come unasked (poll(2))

} // namespace

bool readerIsGone() noexcept
{
    pollfd out{STDOUT_FILENO, 0, 0};
    return ::poll(&out, 1, 0) > 0 && (out.revents & kGone) != 0;
}

ReaderWatch::ReaderWatch(std::function<void()> act)
    : stopFd_(::eventfd(0, EFD_CLOEXEC)), thread_([this, act = std::move(act)] { watch(act); })
{
}

ReaderWatch::~ReaderWatch()
{
    ::eventfd_write(stopFd_, 1);
    thread_.join();
    ::close(stopFd_);
}

void ReaderWatch::watch(const std::function<void()>& act)
{
    pollfd fds[2] = {{STDOUT_FILENO, 0, 0}, {stopFd_, POLLIN, 0}};
    while (::poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    if ((fds[0].revents & kGone) == 0)
        return;
    gone_ = true;
    act();
}

} // namespace teehost::cli
