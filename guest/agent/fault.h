// SPDX-License-Identifier: Apache-2.0
//
// Guests die, restart and hang, or become something else than was started, and whoever runs them must cope.
// The kernel parameter `teehost.fault` makes this one do so on demand, `teehost.fault_delay_ms` after its
// steps are done; the delay 0 means before the agent starts.
#pragma once

#include <chrono>
#include <optional>

#include "guest/agent/console.h"
#include "guest/agent/kernel_parameters.h"

namespace teehost::guest {

class FaultPlan {
public:
    /// The delay counts from here.
    explicit FaultPlan(const KernelParameters& parameters);

    [[nodiscard]] bool startsAgent() const noexcept { return fault_ != Fault::NoAgent; }
    [[nodiscard]] bool heedsPowerButton() const noexcept { return fault_ != Fault::IgnorePower; }

    /// Time until run() is due (never negative), if ever.
    [[nodiscard]] std::optional<std::chrono::milliseconds> dueIn() const;

    /// True once, when the time has come to end the agent's process; it is started again like any that dies.
    [[nodiscard]] bool endsAgent();

    /// Ends the guest, or changes it, when the time has come; otherwise returns.
    void run(const Console& console);

private:
    Fault fault_;
    std::chrono::steady_clock::time_point due_;
};

} // namespace teehost::guest
