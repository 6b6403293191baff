// SPDX-License-Identifier: Apache-2.0
//
// From what somebody typed for a VM to its id.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/client/client.h"

namespace teehost::cli {

/// The id among `ids` that `typed` is, or is the beginning of. Throws Failure: NotFound without a match,
/// Usage when several match. Case does not matter.
[[nodiscard]] std::string matchId(const std::vector<std::string>& ids, std::string_view typed);

/// matchId over the VMs of the daemon, ended ones included. A whole id is returned without asking.
[[nodiscard]] std::string resolveVmId(Client& client, const std::string& typed);

} // namespace teehost::cli
