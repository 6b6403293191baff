// SPDX-License-Identifier: Apache-2.0
#include "chaos/runner.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "chaos/audit.h"
#include "chaos/operations.h"

namespace teehost::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kRecovery = 60s; // some timeouts of the daemon in a row, on a busy machine
constexpr auto kTick = 2ms;
constexpr std::size_t kVmsKept = 7;

std::string joined(const std::vector<std::string>& lines)
{
    std::string text;
    for (const auto& line : lines)
        text += "  " + line + "\n";
    return text;
}

/// The clients of a round, joined at its end whatever happens.
class Crowd {
public:
    Crowd(const World& world, const RoundPlan& plan, Ledger& ledger)
    {
        for (const auto& operations : plan.clients)
            threads_.emplace_back([this, address = world.address(), &operations, &ledger] {
                runClient(address, operations, ledger, over_);
            });
    }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;
    ~Crowd()
    {
        over_ = true;
        for (auto& thread : threads_)
            thread.join();
    }

private:
    std::atomic<bool> over_{false};
    std::vector<std::thread> threads_;
};

} // namespace

Runner::Runner(std::uint64_t seed) : seed_(seed) { world_.start(); }

void Runner::round(std::uint64_t number)
{
    const auto plan = planRound(seed_, number);
    if (!plan.fault.empty()) {
        world_.kill();
        world_.start(plan.fault);
        faulty_ = true;
    }
    world_.decideLaunches(plan.launches);
    if (world_.runs())
        provoke(plan);
    if (plan.ending == Ending::PowerCut && World::canCutPower())
        losePower(number);
    recover();
    settle();
}

void Runner::provoke(const RoundPlan& plan)
{
    const Crowd crowd(world_, plan, ledger_);
    meddle(plan);
    bringDown(plan);
}

/// Takes away and gives back, until it is time for the end.
void Runner::meddle(const RoundPlan& plan)
{
    const auto start = std::chrono::steady_clock::now();
    bool full = false, taken = false, moved = false;
    for (auto at = 0ms; at < plan.endsAfter && world_.runs();
         at = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - start)) {
        const auto within = [at](const std::optional<Shortage>& when) {
            return when && at >= when->from && at < when->to;
        };
        if (within(plan.disk) != full) {
            full = !full;
            full ? world_.fillDisk() : world_.freeDisk();
        }
        if (within(plan.files) != taken) {
            taken = !taken;
            taken ? world_.takeFiles() : world_.giveFiles();
        }
        if (plan.clock && !moved && at >= plan.clockAfter) {
            moved = true;
            world_.setClock(*plan.clock);
        }
        std::this_thread::sleep_for(kTick);
    }
}

void Runner::bringDown(const RoundPlan& plan)
{
    if (plan.ending == Ending::Terminate && world_.runs()) {
        world_.terminate();
    } else if (plan.ending == Ending::Kill || plan.ending == Ending::PowerCut || faulty_) {
        world_.kill();
        ++crashes_;
    }
}

/// The clients have heard by now what they were to hear.
void Runner::losePower(std::uint64_t number)
{
    world_.kill();
    world_.freeDisk();
    Dice dice(~seed_, number);
    world_.cutPower(dice);
    ledger_.losesPower();
    ++powerCuts_;
}

/// Makes the machine a healthy one again, with a daemon that has no fault.
void Runner::recover()
{
    world_.freeDisk();
    world_.giveFiles();
    world_.resumeQemus();
    world_.decideLaunches({});
    if (faulty_ || !world_.runs()) {
        if (world_.runs())
            world_.kill();
        world_.start();
    }
    faulty_ = false;
}

void Runner::settle()
{
    Client client(world_.address());
    Audit last;
    const auto deadline = std::chrono::steady_clock::now() + kRecovery;
    do {
        ledger_.passes(world_.now());
        last = audit(world_, client, ledger_);
        if (!last.disagreements.empty())
            std::this_thread::sleep_for(20ms);
    } while (!last.disagreements.empty() && std::chrono::steady_clock::now() < deadline);
    const auto complaints = ledger_.complaints();
    if (!last.disagreements.empty() || !complaints.empty())
        throw Disagreement(joined(complaints) + joined(last.disagreements));
    tidyUp(last.vms, ledger_.settle(last.vms));
}

/// Forgets what has ended, and half of what no client was told of; keeps room for more.
void Runner::tidyUp(const std::vector<v1::Vm>& vms, const std::vector<std::string>& found)
{
    std::size_t living = 0;
    for (const auto& vm : vms) {
        const bool isFound = std::find(found.begin(), found.end(), vm.id()) != found.end();
        const bool dropped = isFound && ++found_ % 2 == 0;
        const bool kept = isLiving(vm.state()) && living < kVmsKept && !dropped;
        if (kept)
            ++living;
        else
            remove(vm.id());
    }
}

void Runner::remove(const std::string& id)
{
    Client client(world_.address());
    ledger_.triesToRemove(id);
    v1::RemoveVmRequest request;
    request.set_id(id);
    const auto status = client.call(&Host::RemoveVm, request, kRecovery).status;
    if (!status.ok())
        throw Disagreement("  remove of VM " + id + " was answered with " + status.error_message() + "\n");
    ledger_.removed(id);
}

void Runner::finish()
{
    {
        Client client(world_.address());
        for (const auto& vm : client.listVms(true))
            remove(vm.id());
    }
    settle();
    world_.terminate();
}

} // namespace teehost::test
