// SPDX-License-Identifier: Apache-2.0
//
// When a VM's turn comes.
#include <algorithm>

#include "host/appraisal/attestor.h"
#include "host/appraisal/attestor_asking.h"
#include "host/base/error.h"

namespace teehost::appraisal {
namespace {

using namespace std::chrono_literals;
using vm::Standing;

constexpr std::size_t kMostAtOnce = 8;

} // namespace

Clock::duration Attestor::random(Clock::duration most)
{
    return std::chrono::duration_cast<Clock::duration>(most *
                                                       std::uniform_real_distribution<double>(0, 1)(jitter_));
}

/// VMs that start together, or that a new daemon finds, must not be asked together.
Clock::time_point Attestor::firstDue(const vm::VmView& view, Clock::duration interval)
{
    const auto now = Clock::now();
    if (view.standing == Standing::Unknown)
        return now + random(std::min<Clock::duration>(interval / 10, 10s));
    const auto since = std::chrono::system_clock::now() - view.attested;
    return now + std::clamp<Clock::duration>(interval - since, 0s, interval) + random(interval / 10);
}

void Attestor::begin(const VmId& id)
{
    ++running_;
    auto attestOne = [this, id]() -> asio::awaitable<void> {
        std::string why;
        try {
            static_cast<void>(co_await attest(id, {}));
        } catch (const std::exception& error) {
            why = error.what();
        }
        --running_;
        if (!why.empty())
            log_.debug("a vm was not attested", {{"vm", id.text()}, {"why", why}});
    };
    spawn(supervisor_.io(), std::move(attestOne));
}

/// The most overdue first: agents that are slow must not keep the others from their turn.
void Attestor::lookForDue(Clock::duration interval)
{
    std::map<VmId, Clock::time_point> due;
    std::vector<VmId> now;
    for (const auto& view : supervisor_.list()) {
        // An agent that opens its port for a computation only has not fallen silent before its first one.
        if (!vm::hasRun(view.state) || (!view.agentAnswered && view.spec.ready == "guest"))
            continue;
        const VmId& id = view.spec.id;
        const auto known = due_.find(id);
        due[id] = known == due_.end() ? firstDue(view, interval) : known->second;
        if (due[id] <= Clock::now() && !asking_->vms.contains(id))
            now.push_back(id);
    }
    due_ = std::move(due);
    std::sort(now.begin(), now.end(), [this](const VmId& a, const VmId& b) { return due_[a] < due_[b]; });
    for (const auto& id : now) {
        if (running_ >= kMostAtOnce)
            break;
        due_[id] = Clock::now() + interval - interval / 10 + random(interval / 5);
        begin(id);
    }
}

asio::awaitable<void> Attestor::run()
{
    const Clock::duration interval = supervisor_.settings().duration("attest.interval");
    if (interval == 0s)
        co_return;
    const auto pause = std::clamp<Clock::duration>(interval / 20, 50ms, 1s);
    while (!*stopped_) {
        lookForDue(interval);
        const auto next = Clock::now() + pause;
        while (!*stopped_ && Clock::now() < next)
            co_await asking_->changed.waitUntil(next);
    }
}

} // namespace teehost::appraisal
