// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "guest/agent/console.h"
#include "guest/agent/cvms/downlink.h"
#include "guest/agent/cvms/uplink.h"
#include "guest/agent/environment.h"

namespace teehost::guest {

/// The process that talks with the computation-management service: a sibling of the agent, so that nothing
/// the service sends can take the agent with it; without privileges, last to run and first to be killed for
/// memory. Returns when the service has asked to disconnect, when the settings or their files cannot be used
/// (which would be the same the next time, and is a line on the console), and after SIGTERM, upon which it
/// sends what it can in a moment. Whoever called it ends the process then.
void runCvmsProcess(const Environment& environment, const Console& console, const Uplink& uplink,
                    const Downlink& downlink);

/// How long PID 1 waits for it after SIGTERM.
inline constexpr std::chrono::milliseconds kCvmsFarewell{1000};

} // namespace teehost::guest
