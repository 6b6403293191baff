// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/launch/vm_request.h"
#include "host/launch/vm_spec.h"

namespace teehost::launch {

/// The files of the guest's two shares: `environment`, one NAME=value a line in the order of the names, and
/// cert.pem, key.pem, ca.pem as far as the request carries them. The guest takes the rest of a line verbatim,
/// so nothing is quoted; a value with a control character would start a setting of its own and is refused
/// (InvalidArgument).
[[nodiscard]] VmSecrets agentFiles(const VmId& id, const VmRequest& request);

} // namespace teehost::launch
