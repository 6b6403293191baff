// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "chaos/ledger.h"
#include "chaos/plan.h"
#include "chaos/world.h"
#include "support/client.h"

namespace teehost::test {

/// What was not as it had to be, one thing a line.
class Disagreement : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Runner {
public:
    /// Starts the first daemon.
    explicit Runner(std::uint64_t seed);

    /// Round after round on the same daemon's directories. Throws Disagreement.
    void round(std::uint64_t number);
    /// Removes all VMs and ends the daemon: nothing may be left. Throws Disagreement.
    void finish();

    [[nodiscard]] const World& world() const noexcept { return world_; }
    // What it came to so far.
    [[nodiscard]] std::uint64_t created() const { return ledger_.created(); }
    [[nodiscard]] std::uint64_t found() const noexcept { return found_; }
    [[nodiscard]] std::uint64_t crashes() const noexcept { return crashes_; }
    [[nodiscard]] std::uint64_t powerCuts() const noexcept { return powerCuts_; }

private:
    void provoke(const RoundPlan& plan);
    void meddle(const RoundPlan& plan);
    void bringDown(const RoundPlan& plan);
    void recover();
    void losePower(std::uint64_t number);
    void settle();
    void tidyUp(const std::vector<v1::Vm>& vms, const std::vector<std::string>& found);
    void remove(const std::string& id);

    std::uint64_t seed_;
    World world_;
    Ledger ledger_;
    bool faulty_ = false;     ///< the daemon has a fault
    std::uint64_t found_ = 0; ///< VMs whose client had lost the answer
    std::uint64_t crashes_ = 0, powerCuts_ = 0;
};

} // namespace teehost::test
