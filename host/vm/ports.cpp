// SPDX-License-Identifier: Apache-2.0
#include "host/vm/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/base/unique_fd.h"

namespace teehost::vm {
namespace {

constexpr std::chrono::seconds kQuarantine{60};

} // namespace

PortRange parsePortRange(std::string_view text)
{
    const auto dash = text.find('-');
    if (dash != std::string_view::npos) {
        const auto low = parseUnsigned(text.substr(0, dash));
        const auto high = parseUnsigned(text.substr(dash + 1));
        if (low >= 1 && low <= high && high <= 65535)
            return {static_cast<std::uint16_t>(low), static_cast<std::uint16_t>(high)};
    }
    throw InvalidArgument("\"" + printable(text) + "\" is not a range of ports", {},
                          "write it as LOW-HIGH with 1 <= LOW <= HIGH <= 65535, such as 6100-6200");
}

PortRange agentPortRange(const settings::Settings& settings)
{
    const auto text = settings.text("qemu.host_fwd_range");
    const auto single = static_cast<std::uint16_t>(settings.number("qemu.host_fwd_agent"));
    auto range = text.empty() ? PortRange{single, single} : parsePortRange(text);
    for (const std::string key : {"grpc.port", "http.port"}) {
        const auto own = static_cast<std::uint16_t>(settings.number(key));
        if (own != 0 && own >= range.low && own <= range.high)
            range.except.insert(own);
    }
    return range;
}

PortPool::PortPool(PortRange range, std::string address)
    : range_(std::move(range)), address_(std::move(address))
{
}

bool PortPool::canBind(std::uint16_t port) const
{
    // Without SO_REUSEADDR, as slirp binds: a port with connections in TIME_WAIT counts as taken.
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) // else every port would be called taken
        throw systemError(Category::ResourceExhausted, "cannot make a socket to look for a free port", errno,
                          "raise the daemon's limit on open files");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    return ::inet_pton(AF_INET, address_.c_str(), &address.sin_addr) == 1 &&
           ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

PortPool::Lease PortPool::take()
{
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(quarantined_, [&](const auto& entry) { return entry.second <= now; });
    for (std::uint32_t port = range_.low; port <= range_.high; ++port) {
        const auto candidate = static_cast<std::uint16_t>(port);
        if (range_.except.contains(candidate) || held_->contains(candidate) ||
            quarantined_.contains(candidate) || !canBind(candidate))
            continue;
        return hold(candidate);
    }
    throw Error(Category::ResourceExhausted,
                "every port from " + std::to_string(range_.low) + " to " + std::to_string(range_.high) +
                    " on " + address_ + " is taken: " + std::to_string(held_->size()) +
                    " by VMs, the rest by other programs",
                "remove VMs, end what listens there, or widen qemu.host_fwd_range");
}

PortPool::Lease PortPool::hold(std::uint16_t port)
{
    held_->insert(port);
    const std::weak_ptr<std::set<std::uint16_t>> held = held_;
    return Lease(new std::uint16_t(port), [held](const std::uint16_t* owned) {
        if (const auto alive = held.lock())
            alive->erase(*owned);
        delete owned;
    });
}

void PortPool::quarantine(std::uint16_t port)
{
    quarantined_[port] = std::chrono::steady_clock::now() + kQuarantine;
}

} // namespace teehost::vm
