// SPDX-License-Identifier: Apache-2.0
#include "chaos/plan.h"

#include <array>
#include <csignal>
#include <ostream>

#include "chaos/dice.h"

namespace teehost::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kLatestEnd = 300ms;
constexpr auto kLatestFaultEnd = 600ms; // time for the operations to reach the fault point
constexpr auto kLongestPause = 40ms;
constexpr std::size_t kLaunchesDecided = 12;

constexpr std::array kNames{"create", "create-again", "stop",    "remove",    "list",
                            "get",    "watch",        "console", "kill-qemu", "stall-qemu"};

Act anAct(Dice& dice)
{
    using enum Act;
    struct Chance {
        Act act;
        unsigned percent;
    };
    constexpr std::array kChances{Chance{Create, 38}, Chance{CreateAgain, 5}, Chance{Stop, 12},
                                  Chance{Remove, 14}, Chance{List, 7},        Chance{Get, 6},
                                  Chance{Watch, 4},   Chance{Console, 4},     Chance{KillQemu, 6}};
    auto roll = dice.below(100);
    for (const auto& chance : kChances) {
        if (roll < chance.percent)
            return chance.act;
        roll -= chance.percent;
    }
    return StallQemu;
}

Operation anOperation(Dice& dice, const std::string& name)
{
    Operation op;
    op.act = anAct(dice);
    op.after = dice.upTo(kLongestPause);
    op.pick = dice.below(1u << 20);
    op.name = name;
    op.keyed = dice.percent(60);
    if (dice.percent(40))
        op.ttl = dice.oneOf({1s, 2s, 3600s, 172800s});
    if (dice.percent(25))
        op.maxRestarts = 1 + static_cast<std::uint32_t>(dice.below(3));
    op.force = dice.percent(50);
    op.signal = dice.oneOf({SIGKILL, SIGKILL, SIGTERM, SIGSEGV, SIGABRT});
    op.lasts = dice.percent(30) ? 0ms : 10ms + dice.upTo(250ms);
    return op;
}

std::string aFault(Dice& dice)
{
    switch (dice.below(8)) {
    case 0: // a disk that is full when nobody can make it so
        return "store-write:errno=28:" + std::to_string(1 + dice.below(20));
    case 1:
        return "admit-files:errno=24:" + std::to_string(1 + dice.below(3));
    case 2:
        return std::string("store-write:delay=") + std::to_string(1 + dice.below(30));
    case 3: {
        const std::string point = dice.oneOf({"c2", "c4", "c5", "c6", "c8", "s0", "clean"});
        return point + ":delay=" + std::to_string(10 + dice.below(80)) + ":3";
    }
    default:
        return std::string(dice.oneOf(
                   {"c1", "c2", "c3b", "c4", "c5", "c6", "c8", "s0", "s3", "s4", "s5", "clean", "cleaned"})) +
               ":kill";
    }
}

Shortage aShortage(Dice& dice, Milliseconds end)
{
    const auto from = dice.upTo(100ms);
    // Often until after the daemon has died.
    return {from, dice.percent(50) ? end + 10s : from + 20ms + dice.upTo(200ms)};
}

std::string aLaunch(Dice& dice)
{
    return dice.oneOf({"run", "run", "run", "slow", "exit", "late-exit", "segv", "abrt", "hang"});
}

} // namespace

RoundPlan planRound(std::uint64_t seed, std::uint64_t number)
{
    Dice dice(seed, number);
    RoundPlan plan;
    const auto clients = 2 + dice.below(3);
    for (std::uint64_t client = 0; client < clients; ++client) {
        auto& operations = plan.clients.emplace_back();
        const auto count = 1 + dice.below(5);
        for (std::uint64_t i = 0; i < count; ++i)
            operations.push_back(anOperation(dice, "r" + std::to_string(number) + "." +
                                                       std::to_string(client) + "." + std::to_string(i)));
    }
    if (dice.percent(35))
        plan.fault = aFault(dice);
    plan.ending = dice.percent(55)   ? Ending::Kill
                  : dice.percent(40) ? Ending::PowerCut
                                     : dice.oneOf({Ending::Terminate, Ending::GoOn});
    plan.endsAfter = dice.upTo(plan.fault.empty() ? kLatestEnd : kLatestFaultEnd);
    if (dice.percent(10))
        plan.disk = aShortage(dice, plan.endsAfter);
    if (dice.percent(6))
        plan.files = aShortage(dice, plan.endsAfter);
    if (dice.percent(15)) {
        plan.clock = dice.oneOf<std::chrono::seconds>({-86400s, 0s, 0s, 7200s, 86400s, 259200s});
        plan.clockAfter = dice.upTo(plan.endsAfter);
    }
    if (dice.percent(20))
        for (std::size_t i = 0; i < kLaunchesDecided; ++i)
            plan.launches.push_back(aLaunch(dice));
    return plan;
}

std::ostream& operator<<(std::ostream& out, const RoundPlan& plan)
{
    const auto shortage = [&out](const char* of, const std::optional<Shortage>& when) {
        if (when)
            out << "; no " << of << " from " << when->from.count() << " to " << when->to.count() << " ms";
    };
    constexpr std::array kEndings{"SIGKILL", "power cut", "SIGTERM", "nothing"};
    out << kEndings[static_cast<std::size_t>(plan.ending)] << " after " << plan.endsAfter.count() << " ms";
    if (!plan.fault.empty())
        out << "; TEEHOST_FAULT=" << plan.fault;
    shortage("space", plan.disk);
    shortage("file descriptors", plan.files);
    if (plan.clock)
        out << "; clock moved by " << plan.clock->count() << " s after " << plan.clockAfter.count() << " ms";
    if (!plan.launches.empty()) {
        out << "; launches:";
        for (const auto& launch : plan.launches)
            out << " " << launch;
    }
    for (const auto& operations : plan.clients) {
        out << "\n    client:";
        for (const auto& op : operations) {
            out << " " << kNames[static_cast<std::size_t>(op.act)];
            if (op.act == Act::Create) {
                out << "(" << op.name << (op.keyed ? ", keyed" : "");
                if (op.ttl)
                    out << ", ttl " << op.ttl->count() << " s";
                if (op.maxRestarts != 0)
                    out << ", " << op.maxRestarts << " restarts";
                out << ")";
            }
        }
    }
    return out;
}

} // namespace teehost::test
