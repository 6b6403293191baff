// SPDX-License-Identifier: Apache-2.0
//
// Which state a VM reached when, counted from the moment its creation was asked for, by the clock of this
// machine.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <teehost/v1/host.pb.h>

#include "cli/output/json.h"

namespace teehost::cli {

struct LaunchStep {
    v1::VmState state = v1::VM_STATE_UNSPECIFIED;
    std::chrono::nanoseconds at{};
    std::string message;
};

class LaunchTimeline {
public:
    /// The state after the last one; telling the same state again changes nothing and returns false.
    bool record(LaunchStep step);

    [[nodiscard]] const std::vector<LaunchStep>& steps() const noexcept { return steps_; }
    [[nodiscard]] bool reached(v1::VmState state) const noexcept;
    [[nodiscard]] std::optional<v1::VmState> current() const;

    /// The table STATE, REACHED, LASTED.
    [[nodiscard]] std::string renderTable() const;
    /// {"preparing": 0.01, "launching": 0.42}: seconds until each state was first reached.
    [[nodiscard]] Json toJson() const;

private:
    std::vector<LaunchStep> steps_;
};

} // namespace teehost::cli
