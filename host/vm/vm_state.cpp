// SPDX-License-Identifier: Apache-2.0
#include "host/vm/vm_state.h"

namespace teehost::vm {

std::string_view stateName(VmState state) noexcept
{
    switch (state) {
    case VmState::Preparing:
        return "preparing";
    case VmState::Launching:
        return "launching";
    case VmState::Booting:
        return "booting";
    case VmState::Running:
        return "running";
    case VmState::Paused:
        return "paused";
    case VmState::Stopping:
        return "stopping";
    case VmState::Cleaning:
        return "cleaning";
    case VmState::Stopped:
        return "stopped";
    case VmState::Failed:
        return "failed";
    }
    return "unknown";
}

bool isLegal(VmState from, VmState to) noexcept
{
    using enum VmState;
    switch (from) {
    case Preparing:
        return to == Launching || to == Cleaning;
    case Launching:
        return to == Booting || to == Stopping || to == Cleaning;
    case Booting:
        return to == Running || to == Paused || to == Stopping || to == Cleaning;
    case Running:
        return to == Paused || to == Stopping || to == Cleaning;
    case Paused:
        return to == Running || to == Booting || to == Stopping || to == Cleaning;
    case Stopping:
        return to == Cleaning;
    case Cleaning:
        return to == Stopped || to == Failed;
    case Stopped:
    case Failed:
        return false;
    }
    return false;
}

} // namespace teehost::vm
