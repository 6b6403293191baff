// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "chaos/ledger.h"
#include "chaos/world.h"
#include "support/client.h"

namespace teehost::test {

struct Audit {
    std::vector<std::string> disagreements;
    std::vector<v1::Vm> vms; ///< also those that have ended
};

/// Holds the daemon's list, the machine (processes, ports, directories, files), the store and the ledger
/// against each other. What is on its way somewhere disagrees too: the caller looks again.
[[nodiscard]] Audit audit(World& world, Client& client, const Ledger& ledger);

} // namespace teehost::test
