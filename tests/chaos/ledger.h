// SPDX-License-Identifier: Apache-2.0
//
// What clients were told, and what may have happened since without their being told: what a daemon that has
// recovered is held to.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "teehost/v1/host.pb.h"

namespace teehost::test {

using WallTime = std::chrono::system_clock::time_point;

/// In the guest's key file of each VM, with the name of the create behind it: must be nowhere else.
inline constexpr const char* kCanary = "chaos-canary-7c1f0e";

/// The label that carries the name of the create.
inline constexpr const char* kLabel = "chaos";

[[nodiscard]] bool isLiving(v1::VmState state) noexcept;

/// A VM that a client was told of.
struct Known {
    std::string name; ///< of its create
    pid_t pid = 0;
    std::optional<WallTime> deadline;
    bool touched = false;     ///< somebody tried to stop, remove or kill it
    bool stopped = false;     ///< a stop was answered with OK
    bool removeTried = false; ///< it may be forgotten
    bool removed = false;     ///< a remove was answered with OK
    bool mayHaveExpired = false;
    bool ended = false;     ///< at the last audit
    bool lostPower = false; ///< the power was cut while it may have lived
};

/// Any thread.
class Ledger {
public:
    /// Before a create is sent.
    void tries(const std::string& name);
    /// Its answer was lost: it may have come to life, or may yet.
    void lost(const std::string& name);
    void created(const v1::Vm& vm);
    void touched(const std::string& id);
    void stopped(const std::string& id);
    void triesToRemove(const std::string& id);
    void removed(const std::string& id);

    /// The machine was off: no VM lives, and what was answered before holds.
    void losesPower();
    /// An event that a client was told. One number must mean one event for ever.
    void hears(const v1::Event& event);

    /// The VM at that place among those that are not known to be gone; empty when there is none.
    [[nodiscard]] std::string pick(std::uint64_t place) const;
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool mayBeGone(const std::string& id) const;

    /// How many VMs clients were told of.
    [[nodiscard]] std::uint64_t created() const;

    /// The wall clock has been at `now`.
    void passes(WallTime now);

    /// Where the daemon's list and what clients were told disagree.
    [[nodiscard]] std::vector<std::string> disagreements(const std::vector<v1::Vm>& all, WallTime now) const;

    /// After an audit: VMs whose answer was lost are known from now on, those that are gone are forgotten.
    /// Returns the former.
    std::vector<std::string> settle(const std::vector<v1::Vm>& all);

    /// Something that was wrong at once, not only after recovery.
    void complain(const std::string& what);
    [[nodiscard]] std::vector<std::string> complaints() const;

private:
    enum class Answer { Refused, Lost };

    mutable std::mutex mutex_; // guards all below
    std::map<std::string, Known> vms_;
    std::map<std::string, Answer>
        tries_; ///< creates of this round by name; those not lost leave nothing alive
    std::map<std::uint64_t, std::string> events_; ///< that clients were told, by number
    std::vector<std::string> complaints_;
    std::uint64_t created_ = 0;
};

} // namespace teehost::test
