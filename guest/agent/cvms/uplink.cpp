// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/uplink.h"

#include <cerrno>
#include <chrono>
#include <ctime>
#include <new>
#include <utility>

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "guest/agent/cvms/message.h"
#include "guest/agent/system_call.h"

namespace teehost::guest {
namespace {

constexpr int kTryAgainMs = 1000;

std::chrono::milliseconds uptime()
{
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::milliseconds(std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000);
}

WallTime now() { return std::chrono::system_clock::now(); }

} // namespace

Uplink::Uplink()
{
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
          "cannot make a socket pair");
    sender_.reset(ends[0]);
    receiver_.reset(ends[1]);
    void* const page =
        ::mmap(nullptr, sizeof *state_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        check(-1, "cannot map memory");
    state_ = new (page) std::atomic<std::uint8_t>(static_cast<std::uint8_t>(GuestEvent::AgentStarted));
}

Uplink::~Uplink() { ::munmap(state_, sizeof *state_); }

void Uplink::log(LogLevel level, std::string_view text) const
{
    if (!sender_)
        return;
    const auto lost = lost_.exchange(0);
    if (lost != 0 && !send(named(droppedMessage(lost, now())))) {
        lost_ += lost + 1; // the socket is still full: the line would jump the queue
        return;
    }
    if (!send(named(logMessage(level, text, now()))))
        ++lost_;
}

void Uplink::event(GuestEvent event) const
{
    if (!wordsOf(event).state.empty())
        state_->store(static_cast<std::uint8_t>(event));
    if (sender_ && !send(named(eventMessage(event, now(), uptime()))))
        ++lost_;
}

void Uplink::reply(const cvms::ClientStreamMessage& message) const
{
    while (sender_ && !send(message)) {
        if (errno != EAGAIN && errno != EINTR)
            return; // nobody reads any more
        pollfd writable{sender_.get(), POLLOUT, 0};
        ::poll(&writable, 1, kTryAgainMs);
    }
}

void Uplink::setComputation(std::string id) const
{
    const std::lock_guard lock(mutex_);
    computation_ = std::move(id);
}

cvms::ClientStreamMessage Uplink::named(cvms::ClientStreamMessage message) const
{
    const std::lock_guard lock(mutex_);
    guest::setComputation(message, computation_);
    return message;
}

std::string Uplink::agentState() const
{
    const std::size_t event = state_->load();
    return event < kEventWords.size() ? std::string(kEventWords[event].state) : "Failed";
}

bool Uplink::send(const cvms::ClientStreamMessage& message) const
{
    const std::string record = message.SerializeAsString();
    return ::send(sender_.get(), record.data(), record.size(), MSG_NOSIGNAL) >= 0;
}

void Uplink::close()
{
    sender_.reset();
    receiver_.reset();
}

} // namespace teehost::guest
