// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "host/base/unique_fd.h"

namespace teehost::guest {

/// Where the agent says what it does, a line a step with the time since the kernel started:
///
///     [    1.384] teehost-agent: eth0 is up with 10.0.2.15/24
///
/// Without a device the lines are dropped, never an error: `console=null` is the operator's wish for silence.
class Console {
public:
    Console() = default;
    /// `device` is a name below /dev.
    explicit Console(std::string_view device);

    /// One write(2), so that lines of PID 1 and of its child do not mix.
    void line(std::string_view text) const;

private:
    UniqueFd fd_;
};

} // namespace teehost::guest
