// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "chaos/ledger.h"
#include "chaos/plan.h"

namespace teehost::test {

/// One client of a round: does its operations one after the other and keeps the ledger, until there are no
/// more or `over`. An answer that the daemon must never give is a complaint in the ledger.
void runClient(const std::string& address, const std::vector<Operation>& operations, Ledger& ledger,
               const std::atomic<bool>& over);

} // namespace teehost::test
