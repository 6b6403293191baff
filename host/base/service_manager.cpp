// SPDX-License-Identifier: Apache-2.0
#include "host/base/service_manager.h"

#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/base/unique_fd.h"

namespace teehost {

void notifyServiceManager(const std::string& state) noexcept
{
    const char* path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    if (path == nullptr || std::strlen(path) >= sizeof address.sun_path)
        return;
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
    if (path[0] == '@') // the abstract namespace, unix(7)
        address.sun_path[0] = '\0';
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
             size);
}

std::optional<std::chrono::microseconds> watchdogInterval()
{
    const char* us = std::getenv("WATCHDOG_USEC");
    const char* pid = std::getenv("WATCHDOG_PID");
    if (us == nullptr || (pid != nullptr && std::atol(pid) != ::getpid()))
        return std::nullopt;
    const long value = std::atol(us);
    return value > 0 ? std::optional(std::chrono::microseconds(value)) : std::nullopt;
}

} // namespace teehost
