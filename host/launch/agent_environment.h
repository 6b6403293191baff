// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "host/launch/vm_request.h"
#include "host/launch/vm_spec.h"

namespace teehost::launch {

inline constexpr std::string_view kEnvironmentFile = "environment";
inline constexpr std::string_view kCertificateFile = "cert.pem";
inline constexpr std::string_view kKeyFile = "key.pem";
inline constexpr std::string_view kCaFile = "ca.pem";

/// Whether a line of the environment holds a credential: nothing derived from it may leave the VM's files.
[[nodiscard]] bool isSecretVariable(std::string_view name) noexcept;

/// The files of the guest's two shares: `environment`, one NAME=value a line in the order of the names, and
/// cert.pem, key.pem, ca.pem as far as the request carries them. The guest takes the rest of a line verbatim,
/// so nothing is quoted; a value with a control character would start a setting of its own and is refused
/// (InvalidArgument).
[[nodiscard]] VmSecrets agentFiles(const VmId& id, const VmRequest& request);

} // namespace teehost::launch
