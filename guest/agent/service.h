// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guest/agent/console.h"
#include "guest/agent/kernel_parameters.h"

namespace teehost::guest {

/// Serves agent.AgentService, teehost.v1.GuestService and grpc.health.v1.Health on all addresses until the
/// process ends. Plaintext: the reference image has no identity of its own to show, and the daemon forwards
/// its port to the host's loopback only. Returns only when the port cannot be had.
void serveAgent(const KernelParameters& parameters, const Console& console);

} // namespace teehost::guest
