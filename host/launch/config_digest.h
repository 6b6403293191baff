// SPDX-License-Identifier: Apache-2.0
//
// One digest for what a VM was configured with, so that a backend can bind it into evidence as host data.
// docs/attestation.md, "What host data binds", is its definition.
#pragma once

#include <cstdint>
#include <vector>

#include "host/launch/vm_spec.h"

namespace teehost::launch {

/// SHA-256. Reads the kernel and the initrd, in pieces: it takes seconds for large ones, so never on the
/// io_context. Secrets do not enter (isSecretVariable, and the file key.pem). Throws FailedPrecondition when
/// a file cannot be read.
[[nodiscard]] std::vector<std::uint8_t> configDigest(const VmSpec& spec, const VmSecrets& files);

} // namespace teehost::launch
