// SPDX-License-Identifier: Apache-2.0
//
// Claims and other values of plugins, for people.
#pragma once

#include <string>
#include <vector>

#include "host/plugin/evidence.h"

namespace teehost::cli {

/// "key  value" lines; claims that are only for a daemon to keep are left out.
[[nodiscard]] std::string claimsText(const std::vector<plugin::Named>& claims);

/// SHA-256, hexadecimal.
[[nodiscard]] std::string sha256Hex(const plugin::Bytes& data);

} // namespace teehost::cli
