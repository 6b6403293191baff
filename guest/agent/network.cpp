// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/network.h"

#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/agent/system_call.h"
#include "host/base/unique_fd.h"

namespace teehost::guest {
namespace {

using namespace std::chrono_literals;

sockaddr ipv4(const char* text)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, text, &address.sin_addr);
    sockaddr plain{};
    static_assert(sizeof plain == sizeof address);
    std::memcpy(&plain, &address, sizeof plain);
    return plain;
}

ifreq request(std::string_view interface)
{
    ifreq r{};
    interface.copy(r.ifr_name, IFNAMSIZ - 1);
    return r;
}

void setUp(int socket, std::string_view interface)
{
    auto r = request(interface);
    check(::ioctl(socket, SIOCGIFFLAGS, &r), "cannot read the flags of " + std::string(interface));
    r.ifr_flags = static_cast<short>(r.ifr_flags | IFF_UP | IFF_RUNNING);
    check(::ioctl(socket, SIOCSIFFLAGS, &r), "cannot bring up " + std::string(interface));
}

/// The virtio device may be found a little after its driver was loaded.
void waitFor(int socket, std::string_view interface)
{
    for (auto left = 1000ms; left > 0ms; left -= 10ms) {
        auto r = request(interface);
        if (::ioctl(socket, SIOCGIFINDEX, &r) == 0)
            return;
        std::this_thread::sleep_for(10ms);
    }
    throw std::system_error(ENODEV, std::generic_category(), std::string(interface));
}

/// A static program has no name service of the C library; gRPC asks by itself, with c-ares, which reads this.
void nameServer(std::string_view address)
{
    const std::string text = "nameserver " + std::string(address) + "\n";
    const UniqueFd file(check(::open("/etc/resolv.conf", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644),
                              "cannot make resolv.conf"));
    check(::write(file.get(), text.data(), text.size()), "cannot write resolv.conf");
}

} // namespace

void configureNetwork()
{
    const UniqueFd socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "cannot open a socket"));
    setUp(socket.get(), "lo"); // the kernel gives it 127.0.0.1 by itself

    waitFor(socket.get(), "eth0");
    auto r = request("eth0");
    r.ifr_addr = ipv4("10.0.2.15");
    check(::ioctl(socket.get(), SIOCSIFADDR, &r), "cannot set the address of eth0");
    r.ifr_netmask = ipv4("255.255.255.0");
    check(::ioctl(socket.get(), SIOCSIFNETMASK, &r), "cannot set the netmask of eth0");
    setUp(socket.get(), "eth0");

    rtentry route{};
    route.rt_dst = ipv4("0.0.0.0");
    route.rt_genmask = ipv4("0.0.0.0");
    route.rt_gateway = ipv4("10.0.2.2");
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    check(::ioctl(socket.get(), SIOCADDRT, &route), "cannot set the default route");
    nameServer("10.0.2.3");
}

} // namespace teehost::guest
