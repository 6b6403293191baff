// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guest/agent/guest_parts.h"

namespace teehost::guest {

/// Serves agent.AgentService, teehost.v1.GuestService and grpc.health.v1.Health on all addresses until the
/// process ends. Plaintext: the reference image has no identity of its own to show, and the daemon forwards
/// its port to the host's loopback only. Returns only when the port cannot be had.
void serveAgent(const GuestParts& parts);

} // namespace teehost::guest
