// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guest/agent/guest_parts.h"

namespace teehost::guest {

/// Runs PID 1 for the rest of its life: keeps the agent running in a child, and the process that talks
/// with the computation-management service in another if there is one to dial; reaps whatever else ends, and
/// powers off on the power button. They are children because a crash of PID 1 is a kernel panic.
[[noreturn]] void supervise(const GuestParts& parts);

} // namespace teehost::guest
