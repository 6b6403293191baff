// SPDX-License-Identifier: Apache-2.0
//
// What happens in a round: a function of the seed and the round's number, and of nothing else. When things
// happen relative to what the daemon does is up to the scheduler, so a seed that failed may need a few tries.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace teehost::test {

using Milliseconds = std::chrono::milliseconds;

enum class Act { Create, CreateAgain, Stop, Remove, List, Get, Watch, Console, KillQemu, StallQemu };

struct Operation {
    Act act = Act::List;
    Milliseconds after{};   ///< the pause before it
    std::uint64_t pick = 0; ///< of the VMs that clients know, the one at this place modulo their number
    // of Create; CreateAgain repeats the last one of the same client
    std::string name; ///< of no other operation: label, and with `keyed` the idempotency key
    bool keyed = false;
    std::optional<std::chrono::seconds> ttl;
    std::uint32_t maxRestarts = 0;
    // of Stop and Remove
    bool force = false;
    int signal = 0;       ///< of KillQemu
    Milliseconds lasts{}; ///< of StallQemu (0: until the round is over), of Watch
};

enum class Ending {
    Kill,      ///< SIGKILL
    PowerCut,  ///< the machine goes off and is started again
    Terminate, ///< SIGTERM, vm.on_shutdown=keep
    GoOn       ///< the daemon lives through the round
};

/// Something that is missing for a while; counted from the start of the round.
struct Shortage {
    Milliseconds from{}, to{};
};

struct RoundPlan {
    std::vector<std::vector<Operation>> clients; ///< what each does, one after the other
    std::string fault;                           ///< TEEHOST_FAULT of the daemon; empty: none
    Ending ending = Ending::Kill;
    Milliseconds endsAfter{};
    std::optional<Shortage> disk;              ///< the state directory is full
    std::optional<Shortage> files;             ///< no file descriptor is left
    std::optional<std::chrono::seconds> clock; ///< what the wall clock is moved to, against the host's
    Milliseconds clockAfter{};
    std::vector<std::string> launches; ///< what the stand-ins do that are started in this round, in order
};

[[nodiscard]] RoundPlan planRound(std::uint64_t seed, std::uint64_t number);

std::ostream& operator<<(std::ostream& out, const RoundPlan& plan);

} // namespace teehost::test
