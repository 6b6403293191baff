// SPDX-License-Identifier: Apache-2.0
#include "host/vm/vm_state.h"

#include <algorithm>
#include <array>
#include <utility>

namespace teehost::vm {
namespace {

using enum VmState;

constexpr std::array<std::pair<VmState, std::string_view>, 13> kNames{{{Preparing, "preparing"},
                                                                       {Launching, "launching"},
                                                                       {Booting, "booting"},
                                                                       {Running, "running"},
                                                                       {Degraded, "degraded"},
                                                                       {Unresponsive, "unresponsive"},
                                                                       {Paused, "paused"},
                                                                       {Restarting, "restarting"},
                                                                       {Lost, "lost"},
                                                                       {Stopping, "stopping"},
                                                                       {Cleaning, "cleaning"},
                                                                       {Stopped, "stopped"},
                                                                       {Failed, "failed"}}};

/// Where a VM with a living QEMU may always go: to its end, or to another try.
constexpr bool isDeparture(VmState to) noexcept
{
    return to == Stopping || to == Cleaning || to == Restarting;
}

} // namespace

std::string_view stateName(VmState state) noexcept
{
    const auto* const it =
        std::find_if(kNames.begin(), kNames.end(), [&](const auto& entry) { return entry.first == state; });
    return it == kNames.end() ? "unknown" : it->second;
}

std::optional<VmState> parseState(std::string_view name) noexcept
{
    for (const auto& [state, text] : kNames)
        if (text == name)
            return state;
    return std::nullopt;
}

bool isLegal(VmState from, VmState to) noexcept
{
    switch (from) {
    case Preparing:
        return to == Launching || to == Cleaning;
    case Launching:
        return to == Booting || isDeparture(to);
    case Booting:
        return to == Running || to == Paused || isDeparture(to);
    case Running:
    case Degraded:
    case Unresponsive:
        return (hasRun(to) && to != from) || to == Paused || isDeparture(to);
    case Paused:
        return to == Running || to == Booting || isDeparture(to);
    case Restarting:
        return to == Launching || to == Cleaning;
    case Lost:
        return to == Stopping || to == Cleaning;
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
