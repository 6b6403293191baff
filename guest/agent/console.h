// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "guest/agent/cvms/report.h"
#include "host/base/unique_fd.h"

namespace teehost::guest {

class Uplink;

/// The place where the agent says what it does, a line a step with the time since the kernel started:
///
///     [    1.384] teehost-agent: eth0 is up with 10.0.2.15/24
///
/// Without a device the lines are dropped, never an error: `console=null` is the operator's wish for silence.
/// With an uplink the lines go there as well, for the computation-management service.
class Console {
public:
    Console() = default;
    /// `device` is a name below /dev. The uplink, if any, outlives the console.
    explicit Console(std::string_view device, const Uplink* uplink = nullptr);

    /// One write(2), so that lines of PID 1 and of its children do not mix. A debug line goes to the uplink
    /// alone: what others can cause as often as they like must not fill the console.
    void line(std::string_view text, LogLevel level = LogLevel::Info) const;

    /// For the uplink alone.
    void event(GuestEvent event) const;

    /// Names the computation that lines and events of this process are of from now on; empty: the VM.
    void setComputation(std::string id) const;

private:
    UniqueFd fd_;
    const Uplink* uplink_ = nullptr;
};

} // namespace teehost::guest
