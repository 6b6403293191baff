// SPDX-License-Identifier: Apache-2.0
#include "support/ports.h"

#include <cstring>
#include <random>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace teehost::test {
namespace {

// net.ipv4.ip_local_port_range begins at 32768; below 20000 live too many programs.
constexpr unsigned kFirst = 20000;
constexpr unsigned kRanges = (32768 - kFirst) / PortRange::kSize;

/// A bound socket, or -1. Without SO_REUSEADDR, as QEMU binds: a port in TIME_WAIT is not free.
int bindTo(std::uint16_t port)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        return fd;
    if (fd >= 0)
        ::close(fd);
    return -1;
}

} // namespace

PortRange::PortRange(std::uint16_t size) : size_(size)
{
    // Not the lowest free one: ports that a test has just used may still be in TIME_WAIT.
    std::random_device random;
    const unsigned start = random() % kRanges;
    for (unsigned i = 0; i < kRanges; ++i)
        if (claim(static_cast<std::uint16_t>(kFirst + (start + i) % kRanges * kSize)))
            return;
    throw std::runtime_error("no range of free ports is left for a test");
}

PortRange::~PortRange() { unlock(); }

void PortRange::unlock() noexcept
{
    for (const int fd : locks_)
        ::close(fd);
    locks_.clear();
}

bool PortRange::lock(std::uint16_t low)
{
    locks_.push_back(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const std::string text = "teehost-test-ports-" + std::to_string(low);
    std::memcpy(name.sun_path + 1, text.data(), text.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
    return ::bind(locks_.back(), reinterpret_cast<const sockaddr*>(&name), size) == 0;
}

bool PortRange::claim(std::uint16_t low)
{
    bool free = true;
    for (unsigned i = 0; free && i < size_; ++i) {
        const auto port = static_cast<std::uint16_t>(low + i);
        free = i % kSize != 0 || lock(port);
        const int fd = free ? bindTo(port) : -1;
        free = fd >= 0;
        if (fd >= 0)
            ::close(fd);
    }
    if (free)
        low_ = low;
    else
        unlock();
    return free;
}

std::string PortRange::text(unsigned count) const
{
    return std::to_string(low_) + "-" + std::to_string(low_ + count - 1);
}

PortTaker::PortTaker(std::uint16_t port) : fd_(bindTo(port))
{
    if (fd_ < 0 || ::listen(fd_, 1) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot take port " + std::to_string(port));
}

PortTaker::~PortTaker() { ::close(fd_); }

} // namespace teehost::test
