// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace teehost::vm {

/// Thrown to leave a step of a VM's life because the VM is to end; not a failure.
struct Stopping {};

} // namespace teehost::vm
