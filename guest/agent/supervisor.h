// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guest/agent/console.h"
#include "guest/agent/kernel_parameters.h"

namespace teehost::guest {

/// What PID 1 does for the rest of its life: keeps the agent running in a child, reaps whatever else ends,
/// and powers off on the power button. The agent is a child because a crash of PID 1 is a kernel panic.
[[noreturn]] void supervise(const KernelParameters& parameters, const Console& console);

} // namespace teehost::guest
