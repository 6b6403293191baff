// SPDX-License-Identifier: Apache-2.0
//
// VMs and events as the store keeps them. What is read back was written by a daemon, perhaps of another
// version, on a disk that may have lied: unknown members are ignored, missing ones have their default, and
// what does not fit is refused.
#pragma once

#include "host/store/rows.h"
#include "host/vm/event_log.h"
#include "host/vm/vm.h"

namespace teehost::vm {

/// `vm` as it is, but in `state`.
[[nodiscard]] store::VmRow toRow(const Vm& vm, VmState state);

/// Sets everything of `vm` that the row tells but its port, processes and plugins, which are the caller's to
/// claim, find and choose; gives the ids of its attesters. Throws DataLoss when the row makes no sense.
std::vector<std::string> fromRow(const store::VmRow& row, Vm& vm);

[[nodiscard]] store::EventRow toRow(const Event& event);
/// Throws DataLoss.
[[nodiscard]] Event fromRow(const store::EventRow& row);

} // namespace teehost::vm
