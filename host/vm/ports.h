// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "host/settings/settings.h"

namespace teehost::vm {

struct PortRange {
    std::uint16_t low = 0, high = 0;
    std::set<std::uint16_t> except = {}; ///< ports within that are the daemon's own
};

/// "6100-6200". Throws InvalidArgument: digits only, 1 <= LOW <= HIGH <= 65535.
[[nodiscard]] PortRange parsePortRange(std::string_view text);

/// The range that qemu.host_fwd_range names, or the one port of qemu.host_fwd_agent when that is empty,
/// without the ports that the daemon itself serves on.
[[nodiscard]] PortRange agentPortRange(const settings::Settings& settings);

/// Hands out agent ports, one a VM. io_context thread only.
class PortPool {
public:
    /// Gives its port back when destroyed.
    using Lease = std::shared_ptr<const std::uint16_t>;

    /// `address` is what QEMU will bind; it is an IPv4 address.
    PortPool(PortRange range, std::string address);

    /// The lowest port that nobody holds, that QEMU did not just find taken, and that can be bound now.
    /// Binding is only a hint: somebody may take the port before QEMU does. Throws ResourceExhausted.
    [[nodiscard]] Lease take();
    /// This port, which a VM of an earlier run of the daemon has, in the range or not.
    [[nodiscard]] Lease hold(std::uint16_t port);
    /// QEMU found this port taken: not handed out again for a minute.
    void quarantine(std::uint16_t port);

private:
    [[nodiscard]] bool canBind(std::uint16_t port) const;

    PortRange range_;
    std::string address_;
    std::shared_ptr<std::set<std::uint16_t>> held_ = std::make_shared<std::set<std::uint16_t>>();
    std::map<std::uint16_t, std::chrono::steady_clock::time_point> quarantined_;
};

} // namespace teehost::vm
