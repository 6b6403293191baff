// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "load/options.h"

namespace teehost::test {

/// VMs created and removed by many clients at a time. Throws when a call fails that must not, when the
/// daemon's threads grow with the VMs, or when anything is left at the end. Prints what it measured.
void runLoad(const LoadOptions& options);

/// `vms` VMs, a daemon that dies and another that adopts them. Throws unless all are adopted with the
/// processes they have. Prints how long it took.
void runAdoption(std::size_t vms);

} // namespace teehost::test
