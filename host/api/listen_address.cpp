// SPDX-License-Identifier: Apache-2.0
#include "host/api/listen_address.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <tuple>

#include <arpa/inet.h>
#include <netdb.h>

#include "host/base/error.h"
#include "host/base/free_with.h"
#include "host/base/text.h"
#include "host/base/unique_fd.h"

namespace teehost::api {
namespace {

using AddressList = std::unique_ptr<addrinfo, FreeWith<::freeaddrinfo>>;

std::string withoutBrackets(const std::string& host)
{
    return host.size() > 2 && host.front() == '[' && host.back() == ']' ? host.substr(1, host.size() - 2)
                                                                        : host;
}

std::pair<AddressList, int> lookUp(const std::string& host, std::uint16_t port)
{
    addrinfo wanted{};
    wanted.ai_flags = AI_PASSIVE;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int status = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
    return {AddressList(found), status};
}

const in6_addr& ipv6Of(const sockaddr_storage& address)
{
    return reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
}

std::uint32_t ipv4Of(const sockaddr_storage& address)
{
    return ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr);
}

bool isLoopback(const sockaddr_storage& address)
{
    if (address.ss_family == AF_INET)
        return ipv4Of(address) >> 24 == IN_LOOPBACKNET;
    const auto& ipv6 = ipv6Of(address);
    return IN6_IS_ADDR_LOOPBACK(&ipv6) || (IN6_IS_ADDR_V4MAPPED(&ipv6) && ipv6.s6_addr[12] == IN_LOOPBACKNET);
}

bool isWildcard(const sockaddr_storage& address)
{
    return address.ss_family == AF_INET ? ipv4Of(address) == INADDR_ANY
                                        : IN6_IS_ADDR_UNSPECIFIED(&ipv6Of(address)) != 0;
}

/// Binds and lets go again, as the servers will bind. 0, or the errno.
int tryToBind(const sockaddr_storage& address, socklen_t length)
{
    const UniqueFd fd(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd)
        return errno;
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0 ? 0 : errno;
}

std::string numberOf(const sockaddr_storage& address, socklen_t length)
{
    std::array<char, NI_MAXHOST> text{};
    return ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, text.data(), text.size(),
                         nullptr, 0, NI_NUMERICHOST) == 0
               ? text.data()
               : "";
}

/// The address is not there. A host without IPv6 has names for ::1 all the same.
bool isMissing(int error) { return error == EADDRNOTAVAIL || error == EAFNOSUPPORT; }

} // namespace

ListenAddress::ListenAddress(const settings::Settings& settings, const std::string& optionPrefix)
    : prefix_(optionPrefix), host_(withoutBrackets(settings.text(optionPrefix + ".host"))),
      port_(static_cast<std::uint16_t>(settings.number(optionPrefix + ".port")))
{
    const std::string hint = "name an address of this host, without a port, or a name of it";
    if (host_.empty())
        throw Error(Category::FailedPrecondition, prefix_ + ".host is empty",
                    "remove the line to get the default");
    auto [list, status] = lookUp(host_, port_);
    // A name in /etc/hosts stands there without the dot that ends a whole name.
    if (status != 0 && host_.size() > 1 && host_.back() == '.') {
        host_.pop_back();
        std::tie(list, status) = lookUp(host_, port_);
    }
    if (status != 0)
        throw Error(status == EAI_AGAIN ? Category::Unavailable : Category::FailedPrecondition,
                    subject() + " cannot be resolved: " +
                        (status == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(status)),
                    hint);
    for (const auto* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6)
            continue;
        Resolved one{{}, entry->ai_addrlen};
        std::memcpy(&one.address, entry->ai_addr, entry->ai_addrlen);
        resolved_.push_back(one);
    }
    if (resolved_.empty())
        throw Error(Category::FailedPrecondition, subject() + " resolves to no IP address", hint);
}

bool ListenAddress::loopback() const
{
    return std::all_of(resolved_.begin(), resolved_.end(),
                       [](const Resolved& one) { return isLoopback(one.address); });
}

std::string ListenAddress::shown(int port) const
{
    const bool ipv6 = host_.find(':') != std::string::npos;
    in_addr shortened{}; // 127.1, which resolvers of others do not take
    if (::inet_aton(host_.c_str(), &shortened) != 0)
        return numeric() + ":" + std::to_string(port);
    return (ipv6 ? "[" + host_ + "]" : host_) + ":" + std::to_string(port);
}

std::string ListenAddress::subject() const { return prefix_ + ".host=" + printable(host_); }

const ListenAddress::Resolved& ListenAddress::preferred() const
{
    const auto ipv4 = std::find_if(resolved_.begin(), resolved_.end(),
                                   [](const Resolved& one) { return one.address.ss_family == AF_INET; });
    return ipv4 == resolved_.end() ? resolved_.front() : *ipv4;
}

std::string ListenAddress::numeric() const { return numberOf(preferred().address, preferred().length); }

std::string ListenAddress::reachable() const
{
    if (!isWildcard(preferred().address))
        return numeric();
    return preferred().address.ss_family == AF_INET ? "127.0.0.1" : "::1";
}

void ListenAddress::requireFree() const
{
    bool found = false;
    for (const auto& one : resolved_) {
        const int error = tryToBind(one.address, one.length);
        if (error == EADDRINUSE)
            throw Error(Category::Unavailable,
                        "cannot listen on " + printable(shown(port_)) + ": another program uses the port",
                        "end it, or set " + prefix_ + ".port; `ss -ltnp` shows what listens");
        if (error == EACCES)
            throw Error(Category::FailedPrecondition,
                        "cannot listen on " + printable(shown(port_)) + ": this user may not use the port",
                        "set " + prefix_ + ".port to one from 1024 on");
        if (error != 0 && !isMissing(error))
            throw systemError(Category::FailedPrecondition, "cannot listen on " + printable(shown(port_)),
                              error);
        found = found || error == 0;
    }
    if (!found)
        throw Error(
            Category::Unavailable, subject() + " is not an address of this host",
            "`ip address` shows those it has; one that is configured later is found at the next start");
}

void requireOwnIpv4(const std::string& text, const std::string& key)
{
    sockaddr_storage address{};
    auto& ipv4 = reinterpret_cast<sockaddr_in&>(address);
    ipv4.sin_family = AF_INET;
    if (::inet_pton(AF_INET, text.c_str(), &ipv4.sin_addr) != 1)
        throw InvalidArgument(key + "=" + printable(text) + " is not an IPv4 address", {},
                              "allowed: such as 127.0.0.1 or 0.0.0.0");
    if (isMissing(tryToBind(address, sizeof ipv4)))
        throw Error(Category::Unavailable, key + "=" + printable(text) + " is not an address of this host",
                    "`ip address` shows those it has");
}

} // namespace teehost::api
